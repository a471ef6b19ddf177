/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("start\n");
	i = 1;
	s = "string";
	p = (int *)0;
	c = 'c';
	u = 5ull;
}

BEGIN
{
	printf("%d %s %d %c %u\n", i, s, p == NULL, c, u);
	s = "a longer string than the first one was";
	printf("%s\n", s);
	s = strjoin(s, "!");
	printf("%s\n", s);
	s = NULL;
	printf("[%s]\n", s);
	exit(0);
}
