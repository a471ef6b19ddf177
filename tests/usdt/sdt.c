// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program built with SystemTap's <sys/sdt.h>, whose operands are what the compiler likes:
 * memory, constants, variables by name. sdt N writes each probe's arguments to the file named by $TRUTH.
 */
#define _SDT_HAS_SEMAPHORES 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>

__extension__ unsigned short realsdt_asked_semaphore __attribute__((unused, section(".probes")));
__extension__ unsigned short realsdt_some__args_semaphore __attribute__((unused, section(".probes")));
__extension__ unsigned short realsdt_global_semaphore __attribute__((unused, section(".probes")));
__extension__ unsigned short realsdt_plain_semaphore __attribute__((unused, section(".probes")));
__extension__ unsigned short realsdt_many_semaphore __attribute__((unused, section(".probes")));

static volatile long counter = 1000;
static __thread volatile int mine = -5;
struct pair { int a; short b[4]; } pairs[8];

static __attribute__((noinline)) void args(FILE *truth, int i, signed char c, uint16_t u, const char *s)
{
	DTRACE_PROBE5(realsdt, some__args, i, c, u, s, 42);
	fprintf(truth, "some-args %d %d %d %s 42\n", i, c, u, s);
}

static __attribute__((noinline)) void globals(FILE *truth, int i)
{
	counter += i;
	mine -= i;
	pairs[i & 7].b[i & 3] = (short)-i;
	DTRACE_PROBE3(realsdt, global, counter, mine, pairs[i & 7].b[i & 3]);
	fprintf(truth, "global %ld %d %d\n", counter, mine, pairs[i & 7].b[i & 3]);
}

int main(int argc, char **argv)
{
	FILE *truth = fopen(getenv("TRUTH"), "w");
	char s[16];
	long asked = 0;

	if (!truth || argc < 2)
		return 1;
	for (int i = 0; i < atoi(argv[1]); i++) {
		DTRACE_PROBE(realsdt, plain);
		snprintf(s, sizeof(s), "s%d", i);
		args(truth, i - 3, (signed char)(i * 50), (uint16_t)(i * 30000), s);
		globals(truth, i);
		DTRACE_PROBE10(realsdt, many, i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7, i + 8, i * 9l);
		fprintf(truth, "many %d %d %ld\n", i, i + 8, i * 9l);
		if (realsdt_asked_semaphore) {
			asked++;
			DTRACE_PROBE1(realsdt, asked, i);
			fprintf(truth, "asked %d\n", i);
		}
	}
	fprintf(truth, "total %s %ld\n", argv[1], asked);
	return fclose(truth) != 0;
}
