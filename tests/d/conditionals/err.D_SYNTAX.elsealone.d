/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { else { trace(1); } }
