/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D depends_on library types.d
BEGIN { exit(0); }
