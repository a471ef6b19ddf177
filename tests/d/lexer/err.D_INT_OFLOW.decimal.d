/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { trace(99999999999999999999); }
