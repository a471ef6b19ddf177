/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { bcopy(1, alloca(8), 8); }
