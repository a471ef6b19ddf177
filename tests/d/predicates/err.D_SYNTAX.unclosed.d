/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN /1 { trace(1); }
