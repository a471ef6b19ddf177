/* SPDX-License-Identifier: GPL-2.0-or-later */
this int x[string]; BEGIN { this->x["a"] = 1; }
