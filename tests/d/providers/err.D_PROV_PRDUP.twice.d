/* SPDX-License-Identifier: GPL-2.0-or-later */
provider p { probe a(int); probe a(int); }; BEGIN { }
