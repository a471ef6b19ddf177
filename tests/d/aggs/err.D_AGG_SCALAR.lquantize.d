/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = lquantize("x", 1, 10, 1); }
