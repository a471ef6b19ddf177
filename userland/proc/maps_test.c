// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects of living processes, as they come and go, and what their addresses mean. */
#include "target.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "impl.h"

static const char library[] = "int in_library(int x) { return x + 1; }\n";

/* Does one step for each byte it reads, and answers each with one. */
static const char loader[] =
	"#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <unistd.h>\n#include <stdio.h>\n"
	"static void step(void *p) { char c = 0; fwrite(&p, 8, 1, stdout); fflush(stdout); read(0, &c, 1); }\n"
	"int main(int n, char **v) { void *h, *g; step(main);\n"
	"  h = dlopen(v[1], RTLD_NOW); step(dlsym(h, \"in_library\"));\n"
	"  g = dlmopen(LM_ID_NEWLM, v[1], RTLD_NOW); step(dlsym(g, \"in_library\"));\n"
	"  dlclose(g); dlclose(h); step(0); return 0; }\n";

struct talk {
	struct dt_proc *p;
	int to, from;
};

static void start(struct talk *t, char *const argv[])
{
	int in[2], out[2], in0 = dup(0), out1 = dup(1);
	struct dt_err err;

	assert_int_equal(pipe2(in, 02000000), 0);
	assert_int_equal(pipe2(out, 02000000), 0);
	fflush(stdout);
	dup2(in[0], 0);
	dup2(out[1], 1);
	if (dt_proc_create(argv, DT_EVAL_PREINIT, &t->p, &err))
		t->p = NULL;
	dup2(in0, 0);
	dup2(out1, 1);
	close(in0);
	close(out1);
	close(in[0]);
	close(out[1]);
	assert_non_null(t->p);
	t->to = in[1];
	t->from = out[0];
}

static uint64_t hear(struct talk *t)
{
	uint64_t v;

	assert_int_equal(read(t->from, &v, sizeof(v)), sizeof(v));
	return v;
}

static void say(struct talk *t)
{
	assert_int_equal(write(t->to, "", 1), 1);
}

static void stop(struct talk *t)
{
	close(t->to);
	close(t->from);
	while (!dt_proc_exited(t->p, NULL))
		usleep(1000);
	dt_proc_release(t->p);
}

static size_t count(struct dt_proc *p, const char *name, bool new_only)
{
	size_t n = 0;

	for (size_t i = 0; i < dt_proc_nobjects(p); i++) {
		const struct dt_object *o = dt_proc_object(p, i);

		n += !strcmp(o->name, name) && (o->is_new || !new_only);
	}
	return n;
}

static void libraries_come_and_go(void **state)
{
	char *lib = target_build("libplug.so", "-shared -fPIC -O1", library);
	char *argv[] = { target_build("loader", "-O1", loader), lib, NULL };
	uint64_t fmain, first, second;
	struct dt_object *o;
	struct dt_sym sym;
	struct talk t;
	char name[256];

	(void)state;
	start(&t, argv);
	assert_true(dt_proc_object(t.p, 0)->is_exe);
	assert_string_equal(dt_proc_object(t.p, 1)->name, "libc.so.6");
	assert_true(dt_proc_object(t.p, 0)->is_new);
	assert_true(dt_proc_rbrk(t.p) != 0);
	assert_true(dt_proc_object_at(t.p, dt_proc_rbrk(t.p))->is_interp);
	assert_int_equal(dt_proc_continue(t.p, NULL), 0);
	fmain = hear(&t);
	assert_true(dt_proc_lookup(t.p, fmain + 1, &sym));
	assert_string_equal(sym.func, "main");
	assert_int_equal(sym.offset, 1);
	assert_int_equal(sym.start, fmain);
	assert_string_equal(dt_proc_addrname(t.p, fmain + 1, false, name, sizeof(name)), "loader`main+0x1");
	assert_string_equal(dt_proc_addrname(t.p, 16, false, name, sizeof(name)), "0x10");
	o = dt_proc_object(t.p, 0);

	say(&t);
	first = hear(&t);
	assert_int_equal(dt_proc_update(t.p, NULL), 0);
	assert_ptr_equal(dt_proc_object(t.p, 0), o);
	assert_false(o->is_new);
	assert_int_equal(count(t.p, "libplug.so", true), 1);
	assert_string_equal(dt_proc_addrname(t.p, first, true, name, sizeof(name)), "libplug.so`in_library");

	say(&t);
	second = hear(&t);
	assert_int_equal(dt_proc_update(t.p, NULL), 0);
	assert_int_equal(count(t.p, "libplug.so", false), 2);
	assert_int_equal(count(t.p, "libplug.so", true), 1);
	assert_true(second != first);
	assert_int_equal(dt_proc_object_at(t.p, second)->bias - dt_proc_object_at(t.p, first)->bias, second - first);
	assert_ptr_equal(dt_proc_object_at(t.p, second)->elf, dt_proc_object_at(t.p, first)->elf);

	say(&t);
	hear(&t);
	assert_int_equal(dt_proc_update(t.p, NULL), 0);
	assert_int_equal(count(t.p, "libplug.so", false), 0);
	assert_string_equal(dt_proc_addrname(t.p, first, false, name, sizeof(name)), "libplug.so`in_library");
	say(&t);
	while (!dt_proc_exited(t.p, NULL))
		usleep(1000);
	assert_int_equal(dt_proc_update(t.p, NULL), -ESRCH);
	assert_string_equal(dt_proc_addrname(t.p, fmain, false, name, sizeof(name)), "loader`main");
	stop(&t);
}

/* The file that is mapped counts, not the one that has its name by now. */
static void replaced_files(void **state)
{
	char *lib = target_build("libplug.so", "-shared -fPIC -O1", library);
	char *argv[] = { target_build("loader", "-O1", loader), lib, NULL };
	struct dt_object *o;
	struct dt_err err;
	struct talk t;
	uint64_t f;
	char name[256];

	(void)state;
	start(&t, argv);
	dt_proc_continue(t.p, NULL);
	hear(&t);
	say(&t);
	f = hear(&t);
	target_run("rm %s", lib);
	target_build("libplug.so", "-shared -fPIC -O1", "int another(int x) { return x * 7; } int x[5] = { 1 };\n");
	assert_int_equal(dt_proc_update(t.p, NULL), 0);
	o = dt_proc_object_at(t.p, f);
	assert_non_null(o);
	assert_string_equal(o->name, "libplug.so");
	if (access("/proc/self/map_files", X_OK) || geteuid())
		assert_int_equal(dt_object_elf(t.p, o, &err), -ESTALE);
	else
		assert_string_equal(dt_proc_addrname(t.p, f, false, name, sizeof(name)), "libplug.so`in_library");
	say(&t);
	hear(&t);
	say(&t);
	hear(&t);
	stop(&t);
}

/* libc's strlen is whatever this machine's best one is called. */
static void implementations(void **state)
{
	char *argv[] = { "/bin/true", NULL };
	const struct dt_ifunc *f;
	struct dt_proc *p;
	size_t n, bound = 0;

	(void)state;
	assert_int_equal(dt_proc_create(argv, DT_EVAL_PREINIT, &p, NULL), 0);
	for (size_t i = 0; i < dt_proc_nobjects(p); i++) {
		struct dt_object *o = dt_proc_object(p, i);
		const struct dt_func *func;
		size_t nfunc;

		if (!dt_object_matches(o, "libc"))
			continue;
		f = dt_object_ifuncs(p, o, &n);
		func = dt_elf_functions(o->elf, &nfunc);
		assert_true(n > 40);
		for (size_t k = 0; k < n; k++) {
			if (f[k].func < 0)
				continue;
			bound++;
			assert_true(func[f[k].func].addr != f[k].resolver);
			assert_false(func[f[k].func].is_ifunc);
		}
		assert_true(bound > n * 3 / 4);
	}
	dt_proc_release(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libraries_come_and_go),
		cmocka_unit_test(replaced_files),
		cmocka_unit_test(implementations),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, target_setup, target_teardown);
}
