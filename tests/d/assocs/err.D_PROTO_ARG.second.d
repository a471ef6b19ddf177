/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x[1, "a"] = 1; x[1, 2] = 1; }
