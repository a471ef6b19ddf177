/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN /1/ /2/ { trace(1); }
