/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN /nothing == 1/ { trace(1); }
