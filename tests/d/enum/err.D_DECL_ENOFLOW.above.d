/* SPDX-License-Identifier: GPL-2.0-or-later */
enum e { A = 0x7fffffff, B }; BEGIN { }
