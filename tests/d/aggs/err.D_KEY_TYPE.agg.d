/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @b = count(); @a[@b] = count(); }
