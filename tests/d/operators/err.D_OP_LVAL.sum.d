/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = 1; y = 2; (x + y) = 6; }
