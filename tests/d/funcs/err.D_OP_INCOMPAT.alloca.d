/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = alloca(8); y = x + 1; }
