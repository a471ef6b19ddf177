/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D option nspec=99999999999999999999
BEGIN { exit(0); }
