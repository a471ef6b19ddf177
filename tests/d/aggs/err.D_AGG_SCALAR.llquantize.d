/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = llquantize("x", 10, 0, 3, 10); }
