/* SPDX-License-Identifier: GPL-2.0-or-later */
#error this is an error
BEGIN { exit(0); }
