// SPDX-License-Identifier: GPL-2.0-or-later
/* plug LIBRARY N: dlopen, call plugin_work() 100 times, dlclose; N times. */
#include "truth.h"
#include <dlfcn.h>

long plugin_calls;

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 20;
	struct truth t = { .name = "plugin_work" };

	for (int i = 0; i < n; i++) {
		void *h = dlopen(argv[1], RTLD_NOW);
		long (*f)(long) = h ? (long (*)(long))dlsym(h, "plugin_work") : NULL;

		if (!f) {
			fprintf(stderr, "plug: %s\n", dlerror());
			return 1;
		}
		for (int j = 0; j < 100; j++)
			f(j);
		dlclose(h);
	}
	t.entries = t.returns = plugin_calls;
	struct truth *all[] = { &t };
	truth_write(all, 1);
	printf("plug: done\n");
	return 0;
}
