/* SPDX-License-Identifier: GPL-2.0-or-later */
provider p1 { probe a(int); }; BEGIN { }
