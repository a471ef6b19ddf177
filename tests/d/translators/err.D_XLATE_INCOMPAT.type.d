/* SPDX-License-Identifier: GPL-2.0-or-later */
struct o { int a; }; struct i { string b; }; translator struct o < struct i *p > { a = p->b; }; BEGIN { }
