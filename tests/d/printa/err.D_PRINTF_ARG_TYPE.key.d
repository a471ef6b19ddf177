/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a["x"] = count(); printa("%d %@d\n", @a); }
