/* SPDX-License-Identifier: GPL-2.0-or-later */
struct o { int a; }; struct i { int b; } *q; BEGIN { trace(xlate <struct o *> (q)->a); }
