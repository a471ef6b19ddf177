/* SPDX-License-Identifier: GPL-2.0-or-later */
struct o { int a; }; struct i { int b; }; translator struct o < struct i *p > { c = p->b; }; BEGIN { }
