/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { int = 5; }
