// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of files: a stripped program must have the same ones as with
 * symbols, parts of functions must be found to be parts, and nothing that
 * binutils sees may be missing.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>

#include "impl.h"

static const struct dt_func *by_name(struct dt_elf *e, const char *name)
{
	size_t n;
	const struct dt_func *f = dt_elf_functions(e, &n);
	long i = dt_elf_find(e, name);

	return i < 0 ? NULL : &f[i];
}

static void check_order(struct dt_elf *e)
{
	size_t n;
	const struct dt_func *f = dt_elf_functions(e, &n);

	for (size_t i = 0; i < n; i++) {
		assert_true(f[i].size > 0);
		assert_true(f[i].name && *f[i].name);
		assert_true(!i || f[i].addr >= f[i - 1].addr + f[i - 1].size);
		assert_true(f[i].cold < 0 || (f[i].is_frag && f[i].cold < (long)n && !f[f[i].cold].is_frag));
		assert_int_equal(dt_elf_func_at(e, f[i].addr), i);
		assert_int_equal(dt_elf_func_at(e, f[i].addr + f[i].size - 1), i);
	}
}

/* The unwind tables alone tell the same pieces, symbols or not. */
static void check_extents(struct dt_elf *e, struct dt_elf *bare)
{
	const struct dt_func *f;
	struct dt_extent x;
	size_t n, compared = 0;

	f = dt_elf_functions(e, &n);
	for (size_t i = 0; i < n; i++) {
		if (!f[i].is_code)
			continue;
		assert_true(dt_elf_extent(bare, f[i].addr + f[i].size - 1, &x));
		assert_int_equal(x.lo, f[i].addr);
		assert_true(x.hi >= f[i].addr + f[i].size);
		assert_true(x.is_called || f[i].is_frag);
		compared++;
	}
	assert_true(compared > 8);
	assert_false(dt_elf_extent(bare, 1, &x));
}

/* Cold parts with a frame, without one, that return by themselves, in C++ with landing pads. */
static const char partitioned[] =
	"#include <stdlib.h>\n#include <stdio.h>\n#include <string>\n#include <vector>\n"
	"volatile int sink;\n"
	"#define N __attribute__((noinline))\n"
	"void __attribute__((cold,noinline)) bad(int x) { sink += x; }\n"
	"N int leaf(int x) { sink = x; return x + 1; }\n"
	"N int no_frame(int x) { if (__builtin_expect(x == 77, 0)) { sink = 5; abort(); } return x + sink; }\n"
	"N int comes_back(int x) { if (__builtin_expect(x % 7 == 3, 0)) { bad(x); bad(x + 1); sink "
	"^= x; } return leaf(x) + sink; }\n"
	"N int framed(int x) { volatile int a[40]; a[x % 40] = x; if (__builtin_expect(x % 5 == 1, "
	"0)) { bad(a[x % 40]);\n"
	"  if (sink == 12345) abort(); a[3] = 1; } return a[x % 40] + leaf(x); }\n"
	"N std::string pads(int x) { std::string a(x, 'a'), b(x + 1, 'b'); "
	"std::vector<std::string> v; v.push_back(a); v.push_back(b);\n"
	"  if (x == 1000) throw x; return v[x % 2] + a; }\n"
	"N int catches(int x) { try { return pads(x).size(); } catch (int y) { bad(y); return -y; } }\n"
	"int main(int c, char **v) { return no_frame(c) + comes_back(c) + framed(c) + catches(c); }\n";

static void stripping_changes_no_function(void **state)
{
	static const char *const flags[] = { "-O2", "-O2 -fcf-protection", "-O3 -no-pie", "-O2 -fno-plt -Wl,-z,now" };

	(void)state;
	for (size_t k = 0; k < sizeof(flags) / sizeof(*flags); k++) {
		char all[128], *path, *bare;
		size_t n, m, i, j = 0, fragments = 0, found = 0;
		const struct dt_func *f, *g;
		struct dt_elf *e, *s;

		snprintf(all, sizeof(all), "-x c++ %s", flags[k]);
		path = target_build("parts", all, partitioned);
		bare = target_path("bare");
		target_run("strip -o %s %s", bare, path);
		e = target_elf(path);
		s = target_elf(bare);
		check_order(e);
		check_order(s);
		check_extents(e, s);
		f = dt_elf_functions(e, &n);
		g = dt_elf_functions(s, &m);
		for (i = 0; i < n; i++) {
			if (!f[i].is_code)
				continue;	/* crt files' functions without unwind information */
			while (j < m && g[j].addr < f[i].addr)
				j++;
			assert_true(j < m);
			assert_int_equal(g[j].addr, f[i].addr);
			if (f[i].is_frag) {
				fragments++;
				assert_non_null(strstr(f[i].name, ".cold"));
				assert_true(f[i].cold >= 0);
				assert_int_equal(strncmp(f[i].name, f[f[i].cold].name, strlen(f[f[i].cold].name)), 0);
			}
			found += g[j].is_frag && f[i].is_frag;
			if (g[j].is_frag)
				assert_true(f[i].is_frag);
			if (g[j].is_frag && g[j].cold >= 0)
				assert_int_equal(g[g[j].cold].addr, f[f[i].cold].addr);
		}
		assert_true(fragments >= 4);
		/*
		 * One without a frame that never jumps back may be taken for a function
		 * where addresses are absolute.
		 */
		assert_true(found + (strstr(flags[k], "-no-pie") ? 1 : 0) >= fragments);
		dt_elf_put(e);
		dt_elf_put(s);
	}
}

static const char assembler[] =
	"asm(\".text\\n\"\n"
	"\".globl sized\\n.type sized,@function\\nsized: .cfi_startproc\\n push %rax\\n.type "
	"label,@function\\nlabel: pop %rax\\n ret\\n.cfi_endproc\\n.size sized,.-sized\\n\"\n"
	"\".globl sizeless\\n.type sizeless,@function\\nsizeless: .cfi_startproc\\n nop\\n nop\\n "
	"ret\\n.cfi_endproc\\n nop\\n nop\\n\"\n"
	"\".globl bare\\n.type bare,@function\\nbare: nop\\n ret\\n\"\n"
	"\".globl outer\\n.type outer,@function\\nouter: jmp 1f\\n\"\n"
	"\".globl nested\\n.type nested,@function\\nnested: ret\\n.size nested,.-nested\\n1: "
	"ret\\n.size outer,.-outer\\n\"\n"
	"\".globl __deep, _deep, deep, deeper\\n.type __deep,@function\\n.type "
	"_deep,@function\\n.type deep,@function\\n.type deeper,@function\\n\"\n"
	"\"__deep: _deep: deep: deeper: ret\\n.size deep,1\\n.size deeper,1\\n.size _deep,1\\n.size __deep,1\\n\"\n"
	"\".type local_first,@function\\nlocal_first: .weak weak_second\\n.type "
	"weak_second,@function\\nweak_second: ret\\n.size local_first,1\\n.size weak_second,1\\n\");\n"
	"static int imp(void) { return 1; }\n"
	"static void *resolve(void) { return imp; }\n"
	"int chosen(void) __attribute__((ifunc(\"resolve\")));\n"
	"int main(void) { return chosen(); }\n";

static void symbols_of_assembler(void **state)
{
	struct dt_elf *e = target_elf(target_build("assembler", "", assembler));
	const struct dt_func *f, *g;
	size_t n, func;
	bool resolver = false;

	(void)state;
	check_order(e);
	f = dt_elf_functions(e, &n);
	assert_int_equal(by_name(e, "sized")->size, 3);
	assert_null(by_name(e, "label"));
	assert_int_equal(by_name(e, "sizeless")->size, 3);	/* as the unwind table says */
	assert_true(by_name(e, "sizeless")->is_code);
	assert_int_equal(by_name(e, "bare")->size, 2);		/* up to the next symbol */
	assert_false(by_name(e, "bare")->is_code);
	assert_int_equal(by_name(e, "nested")->size, 1);
	g = by_name(e, "outer");
	assert_int_equal(g->size, 2);
	assert_true(g[2].is_frag);				/* what it has behind the nested one */
	assert_int_equal(g[2].cold, g - f);
	assert_string_equal(by_name(e, "__deep")->name, "deep");
	assert_ptr_equal(by_name(e, "deeper"), by_name(e, "deep"));
	assert_string_equal(by_name(e, "local_first")->name, "weak_second");
	assert_null(by_name(e, "chosen"));			/* the resolver is not what it means */
	assert_non_null(by_name(e, "resolve"));
	for (size_t i = 0; i < e->nresolver; i++)
		resolver |= !strcmp(e->resolver[i].name, "chosen");
	assert_true(resolver);
	for (size_t i = 0; i < dt_elf_naliases(e); i++) {
		dt_elf_alias(e, i, &func);
		assert_true(func < n);
	}
	dt_elf_put(e);
}

static void separate_and_mini_debug_files(void **state)
{
	char *path = target_build("debug", "-x c++ -O2 -g -Wl,--build-id", partitioned);
	struct dt_elf *e;

	(void)state;
	target_run("cd %s && objcopy --only-keep-debug debug apart.dbg && strip debug && "
		   "objcopy --add-gnu-debuglink=apart.dbg debug linked", target_dir);
	e = target_elf(target_path("linked"));
	check_order(e);
	assert_non_null(by_name(e, "main"));
	assert_int_equal(by_name(e, "main")->src, DT_SRC_DEBUGFILE);
	assert_true(strlen(dt_elf_buildid(e)) == 40);
	dt_elf_put(e);
	e = target_elf(path);		/* no link: stripped */
	assert_null(by_name(e, "main"));
	dt_elf_put(e);
	if (target_run("command -v xz >/dev/null"))
		skip();
	target_run("cd %s && nm apart.dbg --format=posix --defined-only | grep -v ' [DdBbRr] ' | "
		   "cut -d' ' -f1 > keep && "
		   "objcopy -S --remove-section .comment --keep-symbols=keep apart.dbg mini && xz -k mini && "
		   "objcopy --add-section .gnu_debugdata=mini.xz debug mindebug", target_dir);
	e = target_elf(target_path("mindebug"));
	check_order(e);
	assert_non_null(by_name(e, "main"));
	assert_int_equal(by_name(e, "main")->src, DT_SRC_DEBUGDATA);
	dt_elf_put(e);
}

/* Every range of readelf's unwind table outside of the linker's stubs lies in a function of ours. */
static void nothing_is_missing(const char *path)
{
	struct dt_elf *e = target_elf(path);
	char cmd[512], line[512];
	size_t ranges = 0, n;
	FILE *f;

	check_order(e);
	dt_elf_functions(e, &n);
	snprintf(cmd, sizeof(cmd), "readelf -W --debug-dump=frames-interp %s 2>/dev/null", path);
	f = popen(cmd, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *pc = strstr(line, " FDE ") ? strstr(line, "pc=") : NULL;
		unsigned long lo, hi;
		const struct dt_text *text;

		if (!pc || sscanf(pc, "pc=%lx..%lx", &lo, &hi) != 2 || lo == hi)
			continue;
		text = dt_elf_section_at(e, lo);
		if (!text || text->is_plt)
			continue;
		ranges++;
		/* A signal trampoline's range begins in the byte before it. */
		assert_true(dt_elf_func_at(e, lo) >= 0 || dt_elf_func_at(e, lo + 1) >= 0);
	}
	pclose(f);
	assert_true(ranges > 100);
	dt_elf_put(e);
}

static void real_objects(void **state)
{
	static const char *const path[] = {
		"/bin/bash", "/lib/x86_64-linux-gnu/libc.so.6", "/usr/bin/povray", "/usr/bin/python3.11",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(path) / sizeof(*path); i++) {
		if (!access(path[i], R_OK))
			nothing_is_missing(path[i]);
	}
}

static void one_file_is_opened_once(void **state)
{
	struct dt_elf *a = target_elf("/bin/bash"), *b = target_elf("/bin/bash");

	(void)state;
	assert_ptr_equal(a, b);
	dt_elf_put(a);
	assert_non_null(dt_elf_handle(b));
	dt_elf_put(b);
}

/* Files that are cut or damaged in any byte of their headers end in an error or in fewer functions. */
static void damaged_files(void **state)
{
	char *path = target_build("damaged", "-O1", "int f(int x) { return x; } int main(void) { return f(2); }\n");
	char *copy = target_path("copy");
	static uint8_t image[65536];
	FILE *f = fopen(path, "r");
	size_t n = fread(image, 1, sizeof(image), f), shoff;

	(void)state;
	fclose(f);
	shoff = *(uint64_t *)(image + 40);
	for (size_t i = 0; i < 2000; i++) {
		size_t at = i < 800 ? i : shoff + (i - 800) % (n - shoff);
		uint8_t old = image[at];
		struct dt_elf *e;
		size_t k;
		int fd;

		image[at] = i % 3 ? 0xff : old ^ 0x40;
		f = fopen(copy, "w");
		fwrite(image, 1, i % 7 ? n : n / 2 + i, f);
		fclose(f);
		image[at] = old;
		fd = open(copy, O_RDONLY | O_CLOEXEC);
		if (!dt_elf_open(fd, copy, &e, NULL)) {
			dt_elf_functions(e, &k);
			dt_elf_put(e);
		}
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stripping_changes_no_function),
		cmocka_unit_test(symbols_of_assembler),
		cmocka_unit_test(separate_and_mini_debug_files),
		cmocka_unit_test(real_objects),
		cmocka_unit_test(one_file_is_opened_once),
		cmocka_unit_test(damaged_files),
	};

	return cmocka_run_group_tests(tests, target_setup, target_teardown);
}
