/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { if ("x") { trace(1); } }
