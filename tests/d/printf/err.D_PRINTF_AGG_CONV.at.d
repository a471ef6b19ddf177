/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = count(); printf("%@d\n", 1); }
