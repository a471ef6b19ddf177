/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = "a"; x += 1; }
