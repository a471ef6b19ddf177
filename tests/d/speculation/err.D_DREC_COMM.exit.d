/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = speculation(); commit(x); exit(0); }
