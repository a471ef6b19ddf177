/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = speculation(); trace(1); commit(x); }
