/* SPDX-License-Identifier: GPL-2.0-or-later */
signed unsigned x; BEGIN { }
