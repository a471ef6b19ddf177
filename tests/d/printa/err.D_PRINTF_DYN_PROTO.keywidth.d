/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a[1] = count(); printa("%d %*d", @a); exit(0); }
