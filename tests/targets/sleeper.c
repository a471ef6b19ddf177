// SPDX-License-Identifier: GPL-2.0-or-later
/* sleeper: prints "ready", then calls work() once for every byte it reads, until end of file; prints how often. */
#include <stdio.h>
#include <unistd.h>

static volatile long sink;

__attribute__((noinline, noclone, used)) long work(long x)
{
	sink = x;
	return x + 1;
}

int main(void)
{
	char c;
	long n = 0;

	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) == 1)
		n += work(c) != 0;
	printf("%ld\n", n);
	return 0;
}
