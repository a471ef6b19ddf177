/* SPDX-License-Identifier: GPL-2.0-or-later */
#	define X 1
BEGIN { exit(0); }
