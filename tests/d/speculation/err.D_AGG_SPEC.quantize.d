/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = speculation(); speculate(x); @a = quantize(1); }
