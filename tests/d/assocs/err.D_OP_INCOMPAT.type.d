/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x[1] = 1; x[2] = "two"; }
