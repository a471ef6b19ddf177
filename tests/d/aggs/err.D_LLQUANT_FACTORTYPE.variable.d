/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = llquantize(1, cpu, 0, 3, 10); }
