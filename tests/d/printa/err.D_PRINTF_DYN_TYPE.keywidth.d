/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a["wide", 1] = count(); printa("%*d", @a); exit(0); }
