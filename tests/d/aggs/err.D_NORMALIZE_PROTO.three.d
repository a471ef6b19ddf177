/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = count(); normalize(@a, 1, 2); }
