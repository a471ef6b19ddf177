/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = speculation(); y = speculation(); commit(x); commit(y); }
