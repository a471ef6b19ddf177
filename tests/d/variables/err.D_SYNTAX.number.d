/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { 5x = 1; }
