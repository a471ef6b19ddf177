// SPDX-License-Identifier: GPL-2.0-or-later
/* C++ exceptions through counted frames: those that they pass do not return. */
#include "truth.h"
#include <stdexcept>
#include <string>

#define FUNCS(X) X(catcher) X(middle) X(thrower) X(rethrower) X(plain)
FUNCS(TRUTH_OF)

static volatile long sink;
struct guard { ~guard() { sink = sink + 1; } };

extern "C" {
COUNTED long plain(long x) { ENTER(plain); LEAVE(plain); return x + 1; }
COUNTED long thrower(long x)
{
	ENTER(thrower);
	if (x % 2)
		throw std::runtime_error("odd " + std::to_string(x));
	LEAVE(thrower);
	return x;
}
COUNTED long middle(long x)
{
	guard g;
	ENTER(middle);
	long r = plain(thrower(x)) + 1;
	LEAVE(middle);
	return r;
}
COUNTED long rethrower(long x)
{
	ENTER(rethrower);
	try {
		long r = middle(x);
		LEAVE(rethrower);
		return r;
	} catch (...) {
		plain(x);
		throw;
	}
}
COUNTED long catcher(long x)
{
	ENTER(catcher);
	try {
		long r = rethrower(x);
		LEAVE(catcher);
		return r;
	} catch (const std::exception &e) {
		LEAVE(catcher);
		return plain(e.what()[0]);
	}
}
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 300, sum = 0;

	for (long i = 0; i < n; i++)
		sum += catcher(i);
	TRUTH_WRITE(FUNCS);
	printf("thrower: %ld\n", sum);
	return 3;
}
