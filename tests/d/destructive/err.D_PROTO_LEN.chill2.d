/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -w */
BEGIN { chill(1, 2); }
