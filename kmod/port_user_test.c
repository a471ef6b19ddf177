// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The watch of port_user.c sees what it is there for. Each wrong deed is done in a child,
 * which must not survive it.
 */
#include "test_image.h"

#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif

static u8 *memory;

static bool survives(void (*deed)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		fclose(stderr);
		deed();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void store_own(void)
{
	dtk_watch_store((uintptr_t)memory + 8, 8);
}

static void store_before(void)
{
	dtk_watch_store((uintptr_t)memory + 7, 8);
}

static void store_behind(void)
{
	dtk_watch_store((uintptr_t)memory + 12, 8);
}

static void test_store(void **state)
{
	(void)state;
	dtk_watch(memory + 8, 8, DTK_PROGRAMS);
	assert_true(survives(store_own));
	assert_false(survives(store_before));
	assert_false(survives(store_behind));
}

static void claim(void)
{
	dtk_watch_claim(memory + 16, 16);
}

static void test_claim(void **state)
{
	(void)state;
	dtk_watch(memory + 16, 48, DTK_NOBODYS);
	assert_true(survives(claim));
	dtk_watch(memory + 24, 8, DTK_ENGINES);
	assert_false(survives(claim));
	dtk_watch(memory + 24, 8, DTK_NOBODYS);
	assert_true(survives(claim));
}

static void write_nobodys(void)
{
	*(volatile u8 *)(memory + 16) = 1;
}

static void read_into_nobodys(void)
{
	u8 from[24] = { 0 };

	dtk_port_map(from, sizeof(from));
	dtk_read_kernel(memory, (uintptr_t)from, sizeof(from));
}

static void read_from_nobodys(void)
{
	u8 to[64];

	if (dtk_read_kernel(to, (uintptr_t)memory, sizeof(to)))
		abort();
}

static void test_nobodys(void **state)
{
	(void)state;
	dtk_watch(memory + 16, 48, DTK_NOBODYS);
	assert_int_equal(survives(write_nobodys), !WITH_ASAN);
	assert_int_equal(survives(read_into_nobodys), !WITH_ASAN);
	assert_true(survives(read_from_nobodys));
}

static void watch_beyond(void)
{
	dtk_watch(memory + 60, 8, DTK_ENGINES);
}

static void proof(void)
{
	dtk_proved(memory == NULL);
}

static void test_whole(void **state)
{
	(void)state;
	assert_false(survives(watch_beyond));
	assert_false(survives(proof));
}

static int setup(void **state)
{
	(void)state;
	dtk_port_reset();
	memory = dtk_alloc(64);
	return memory ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	dtk_free(memory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_store, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobodys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
