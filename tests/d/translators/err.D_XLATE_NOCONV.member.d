/* SPDX-License-Identifier: GPL-2.0-or-later */
struct o { int a; int c; }; struct i { int b; } *q; translator struct o < struct i *p > { a = p->b; }; BEGIN { trace(xlate <struct o> (q).c); }
