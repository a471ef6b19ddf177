/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { trace(stringof(exit(1))); }
