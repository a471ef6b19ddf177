/* SPDX-License-Identifier: GPL-2.0-or-later */
void x[3]; BEGIN { }
