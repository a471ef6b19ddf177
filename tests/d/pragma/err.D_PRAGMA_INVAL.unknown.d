/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D nosuchpragma
BEGIN { exit(0); }
