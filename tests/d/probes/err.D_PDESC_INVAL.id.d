/* SPDX-License-Identifier: GPL-2.0-or-later */
0 { trace(1); }
