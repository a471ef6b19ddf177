// SPDX-License-Identifier: GPL-2.0-or-later
/* A library that plug.c loads and unloads. Its constructor is counted too. */
extern long plugin_calls;
static volatile long sink;

__attribute__((noinline, noclone)) long plugin_work(long x)
{
	__atomic_add_fetch(&plugin_calls, 1, __ATOMIC_RELAXED);
	return x + 1;
}

__attribute__((constructor)) static void plugin_init(void)
{
	sink += plugin_work(1);
}
