/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = lquantize(1, 0, 10, 1); @a = lquantize(1, 0, 10, 2); }
