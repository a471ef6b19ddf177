/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = "x" ? 1 : 2; }
