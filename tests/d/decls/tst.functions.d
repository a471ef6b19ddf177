/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prototypes and externs, as headers have them, declare nothing that D calls. */
extern int errno_location(void);
int printf_like(const char *, ...);
void *(*signal_like(int, void *(*)(int)))(int);
typedef int (*callback)(int a, char *b);
extern callback table[10];
callback f;

BEGIN
{
	printf("%d %d\n", sizeof (f), sizeof (callback));
	exit(0);
}
