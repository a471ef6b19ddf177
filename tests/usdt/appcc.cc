// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes in C++: in templates, inline methods and lambdas, in two files (this one, compiled with
 * and without SECOND), of whose copies the linker keeps one. appcc N writes what it
 * fired, and how many exceptions it threw, to the file named by $TRUTH.
 */
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "appcc.h"

extern long templates, methods, lambdas, thrown;
void second(int n);

template <typename T> __attribute__((noinline)) void tmpl(T v)
{
	templates++;
	APPCC_TMPL(sizeof(v));
}

struct Thing {
	std::string name;
	void method(long n) __attribute__((noinline))
	{
		methods++;
		if (APPCC_METHOD_ENABLED())
			APPCC_METHOD(this, name.c_str(), n);
	}
};

static void work(int n)
{
	Thing t = { "thing" };
	auto f = [](int k) { lambdas++; APPCC_LAMBDA(k); };

	tmpl(n);
	tmpl((char)n);
	t.method(n);
	f(n);
	try {
		thrown++;
		throw std::runtime_error("x");
	} catch (const std::exception &) {
	}
}

#ifdef SECOND
void second(int n)
{
	work(n);
}
#else
long templates, methods, lambdas, thrown;

int main(int argc, char **argv)
{
	FILE *truth = fopen(getenv("TRUTH"), "w");

	if (!truth || argc < 2)
		return 1;
	for (int i = 0; i < atoi(argv[1]); i++) {
		work(i);
		second(i);
	}
	fprintf(truth, "lambda %ld\nmethod %ld\nthrow %ld\ntmpl %ld\n", lambdas, methods, thrown, templates);
	return fclose(truth) != 0;
}
#endif
