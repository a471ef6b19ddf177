/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a[1] = count(); @b = count(); printa("%@d %@d\n", @a, @b); }
