/* SPDX-License-Identifier: GPL-2.0-or-later */
struct point { int left; int right; } *p;

BEGIN
{
	trace(p->rigt);
}
