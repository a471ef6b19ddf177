/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { trace(max_of(1, 2)); }
