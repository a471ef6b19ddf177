/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = count(); x = 1; printa("%@d %@d\n", @a, x); }
