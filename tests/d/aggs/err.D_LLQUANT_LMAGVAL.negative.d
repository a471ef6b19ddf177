/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = llquantize(1, 10, -1, 3, 10); }
