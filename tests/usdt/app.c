// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program with probes. It counts what it fires and writes that, and the
 * arguments as it knows them, to the file named by $TRUTH.
 *
 *	app run N		N rounds, at once
 *	app wait N		says "ready", and runs N rounds for each line of standard input
 *	app fork N		N rounds in a child, too, which writes to $TRUTH.child
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"

#ifdef __cplusplus
extern "C" {
#endif
void applib_work(int n, char *name);
extern long applib_calls, applib_enabled;
#ifdef __cplusplus
}
#endif

struct app_thing { long a, b; };

static FILE *truth;
static long begins, starts, dones, sites, asked;
static uint64_t seed = 1;
static char text[32];

static uint64_t next(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed ^ seed >> 29;
}

/* It stands in several places: each inlined copy is a site. */
static inline __attribute__((always_inline)) void site(int n)
{
	sites++;
	APP_SITE(n);
}

static __attribute__((noinline)) void there(int n)
{
	site(n);
}

static void kinds(void)
{
	char c = (char)next();
	unsigned char uc = (unsigned char)next();
	short s = (short)next();
	unsigned short us = (unsigned short)next();
	int i = (int)next();
	unsigned int ui = (unsigned int)next();
	long l = (long)next();
	unsigned long ul = next();
	int b = (int)(next() >> 7 & 2);	/* 0 or 2: true is 1 */

	APP_KINDS(c, uc, s, us, i, ui, l, ul, &text, b);
	fprintf(truth, "kinds %d %d %d %d %d %ld %ld %ld %ld %d\n", c, uc, s, us, i, (long)ui, l, (long)ul,
		(long)&text, !!b);
}

static void numbers(int i)
{
	double d = i * 0.5;
	float f = (float)i;
	uint64_t dbits = 0, fbits = 0;

	memcpy(&dbits, &d, sizeof(d));
	memcpy(&fbits, &f, sizeof(f));
	APP_TWELVE(i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7, i + 8, i + 9, i + 10, i + 11);
	fprintf(truth, "twelve %d %d\n", i, i + 9);
	APP_CONSTANTS(-7, 200, 0x123456789abcdef0l);
	fprintf(truth, "constants -7 200 %ld\n", 0x123456789abcdef0l);
	APP_BITS(d, f);
	fprintf(truth, "bits %lx %lx\n", dbits, fbits);
}

static void round_of_probes(int i)
{
	struct app_thing thing = { i, -i };

	begins++;
	APP_BEGIN();
	snprintf(text, sizeof(text), "query %d", i);
	starts++;
	APP_QUERY_START((unsigned)i, text);
	fprintf(truth, "start %d %s\n", i, text);
	kinds();
	numbers(i);
	site(i);
	there(i);
	for (int k = 0; k < 3; k++)
		site(i);
	if (APP_ASKED_ENABLED()) {
		asked++;
		APP_ASKED(i);
	}
	dones++;
	APP_QUERY_DONE(i, i % 2 ? -1 : 0, &thing);
	fprintf(truth, "done %d %d %ld\n", i, i % 2 ? -1 : 0, thing.b);
	applib_work(i, text);
}

static void rounds(int n)
{
	for (int i = 0; i < n; i++)
		round_of_probes(i);
}

static void totals(void)
{
	fprintf(truth,
		"total begin %ld\ntotal query-start %ld\ntotal query-done %ld\ntotal site %ld\ntotal asked %ld\n",
		begins, starts, dones, sites, asked);
	fprintf(truth, "total work %ld\ntotal lib-asked %ld\n", applib_calls, applib_enabled);
	fflush(truth);
}

static void by_line(int n)
{
	char line[16];

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		rounds(n);
		totals();
		printf("done asked %ld lib-asked %ld\n", asked, applib_enabled);
		fflush(stdout);
	}
}

static void in_child(int n)
{
	char name[4096];
	pid_t pid;

	rounds(n);
	fflush(truth);
	pid = fork();
	if (!pid) {
		snprintf(name, sizeof(name), "%s.child", getenv("TRUTH"));
		truth = fopen(name, "w");
		asked = applib_enabled = 0;
		rounds(n);
		totals();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	rounds(n);
	totals();
}

int main(int argc, char **argv)
{
	const char *path = getenv("TRUTH");
	int n = argc > 2 ? atoi(argv[argc - 1]) : 0;

	truth = fopen(path ? path : "/dev/null", "w");
	if (!truth || !n)
		return 2;
	if (!strcmp(argv[1], "run")) {
		rounds(n);
		totals();
	} else if (!strcmp(argv[1], "wait")) {
		by_line(n);
	} else if (!strcmp(argv[1], "fork")) {
		in_child(n);
	}
	return 0;
}
