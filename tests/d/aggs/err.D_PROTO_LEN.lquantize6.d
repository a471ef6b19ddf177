/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = lquantize(1, 2, 30, 4, 5, 6); }
