/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma error this is an error
BEGIN { exit(0); }
