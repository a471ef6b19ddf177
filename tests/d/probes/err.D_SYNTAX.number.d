/* SPDX-License-Identifier: GPL-2.0-or-later */
5 + 5 { trace(1); }
