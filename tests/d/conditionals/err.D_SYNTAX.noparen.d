/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { if 1 { trace(1); } }
