/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a = sum(1, 2); }
