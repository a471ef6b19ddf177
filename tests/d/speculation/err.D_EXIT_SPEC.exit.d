/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = speculation(); speculate(x); exit(0); }
