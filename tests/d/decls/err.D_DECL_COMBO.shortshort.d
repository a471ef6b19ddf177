/* SPDX-License-Identifier: GPL-2.0-or-later */
short short x; BEGIN { }
