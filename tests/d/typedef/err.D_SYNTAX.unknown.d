/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { x = (nosuch_t)5; }
