/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { stack(1, 2); }
