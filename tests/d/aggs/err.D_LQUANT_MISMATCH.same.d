/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = lquantize(1, 10, 10, 1); }
