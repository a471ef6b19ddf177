/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { self->x["a"] = 1; self->x["b"] = "two"; }
