/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { while (1) { trace(1); } }
