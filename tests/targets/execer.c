// SPDX-License-Identifier: GPL-2.0-or-later
/* execer N: counts down by exec'ing itself; work() is called 10 times in each life; prints at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile long sink;

__attribute__((noinline, noclone, used)) long work(long x)
{
	sink = x;
	return x + 1;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 3;
	char buf[16];

	for (int i = 0; i < 10; i++)
		work(i);
	if (!n) {
		printf("execer: end\n");
		return 5;
	}
	snprintf(buf, sizeof(buf), "%d", n - 1);
	execl("/proc/self/exe", argv[0], buf, (char *)NULL);
	return 1;
}
