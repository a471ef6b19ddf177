/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -w */
BEGIN { x = speculation(); speculate(x); chill(1); }
