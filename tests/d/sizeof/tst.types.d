/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { char c; int i; short h; };
union u { char c[3]; int i; };
typedef struct s s_t;
enum e { A };

BEGIN
{
	printf("%d %d %d %d %d\n", sizeof (char), sizeof (short), sizeof (int), sizeof (long), sizeof (long long));
	printf("%d %d %d %d\n", sizeof (float), sizeof (double), sizeof (void *), sizeof (_Bool));
	printf("%d %d %d %d\n", sizeof (struct s), sizeof (union u), sizeof (s_t [3]), sizeof (enum e));
	printf("%d %d %d\n", sizeof (1), sizeof 1l, sizeof ("x"));
	x = 5;
	printf("%d %d\n", sizeof (x), sizeof x++);
	printf("%d %d\n", x, sizeof (((struct s *)0)->h));
	exit(0);
}
