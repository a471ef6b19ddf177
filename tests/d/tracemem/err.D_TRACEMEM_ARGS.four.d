/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { tracemem(curthread, 4, 2, 1); }
