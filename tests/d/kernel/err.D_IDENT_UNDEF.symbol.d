/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { trace(`no_such_symbol_here); }
