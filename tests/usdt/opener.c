// SPDX-License-Identifier: GPL-2.0-or-later
/* opener LIBRARY N: dlopen, N calls of applib_work(), dlclose; three times. Writes to $TRUTH how often it called. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1, calls = 0;
	char name[] = "opener";
	FILE *truth;

	for (int i = 0; i < 3; i++) {
		void *h = dlopen(argv[1], RTLD_NOW);
		void (*work)(int, char *) = h ? (void (*)(int, char *))dlsym(h, "applib_work") : NULL;

		if (!work) {
			fprintf(stderr, "opener: %s\n", dlerror());
			return 1;
		}
		for (int k = 0; k < n; k++, calls++)
			work(k, name);
		dlclose(h);
	}
	truth = fopen(getenv("TRUTH"), "w");
	if (!truth)
		return 1;
	fprintf(truth, "%d\n", calls);
	return fclose(truth) != 0;
}
