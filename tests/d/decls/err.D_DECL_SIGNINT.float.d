/* SPDX-License-Identifier: GPL-2.0-or-later */
unsigned float x; BEGIN { }
