/* SPDX-License-Identifier: GPL-2.0-or-later */
translator int < int i > { x = i; }; BEGIN { }
