/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C -DCHOICE=2 -DFLAG */
#define ONE 1
#define ADD(a, b) ((a) + (b))
#if CHOICE == 2 && defined(FLAG)
#define RESULT "two"
#elif CHOICE == 3
#define RESULT "three"
#else
#define RESULT "other"
#endif
#ifndef NOTHERE
#define YES 1
#endif
#undef ONE
#define ONE 11

BEGIN
#ifdef FLAG
/YES/
#endif
{
	printf("%d %d %s\n", ONE, ADD(ONE, 4), RESULT);
#if 0
	printf("never\n");
#endif
	printf("line %d\n", __LINE__);
	exit(0);
}
