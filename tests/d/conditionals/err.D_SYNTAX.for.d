/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { for (i = 0; i < 5; i++) { trace(i); } }
