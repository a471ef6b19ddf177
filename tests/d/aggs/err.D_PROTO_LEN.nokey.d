/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a[1] = count(); @a = count(); }
