/* SPDX-License-Identifier: GPL-2.0-or-later */
self this int x; BEGIN { }
