/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a[1] = count(); @a[1, 2] = count(); }
