/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { trace(str_join("a", "b")); }
