/* SPDX-License-Identifier: GPL-2.0-or-later */
long union either { int i; char c; };
