/* SPDX-License-Identifier: GPL-2.0-or-later */
typedef int t; typedef string t; BEGIN { }
