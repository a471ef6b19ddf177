// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interpreters that are here, file by file. What is found without symbols is compared
 * with the symbols of those that have some; offsets with what the interpreter says of its own
 * objects; and a stripped copy must give the same as the file itself.
 *
 * Files: those named in $DT_PYTHONS (words EXE or ROOT:EXE, a folder to chroot into), else each python3.X of
 * $PATH and what tools/pythons has fetched; and the libpython beside each.
 */
#include "target.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <gelf.h>
#include <limits.h>

#include "impl.h"
#include "python.h"

#define MAX_FILES	64

static struct {
	char path[PATH_MAX];
	char root[PATH_MAX];	/* "": it can be run as it is */
	char exe[PATH_MAX];	/* that runs this file, inside root */
} file[MAX_FILES];
static size_t nfile;

/* ---- Finding them ----------------------------------------------------------------------- */

static void add_file(const char *path, const char *root, const char *exe)
{
	char real[PATH_MAX];

	if (!realpath(path, real) || !dt_py_maybe(real) || nfile == MAX_FILES)
		return;
	for (size_t i = 0; i < nfile; i++) {
		if (!strcmp(file[i].path, real))
			return;
	}
	snprintf(file[nfile].path, PATH_MAX, "%s", real);
	snprintf(file[nfile].root, PATH_MAX, "%s", root);
	snprintf(file[nfile].exe, PATH_MAX, "%s", exe);
	nfile++;
}

/* An interpreter as a program: itself, or the library that it runs. */
static void add_python(const char *root, const char *exe)
{
	static const char *const libs[] = { "%s%.*s/../lib/libpython3.*.so.*", "%s%.*s/../lib/*/libpython3.*.so.*" };
	char path[PATH_MAX], pattern[PATH_MAX + 64];
	size_t before = nfile;
	glob_t g;

	if (snprintf(path, sizeof(path), "%s%s", root, exe) >= (int)sizeof(path))
		return;
	add_file(path, root, exe);
	for (size_t k = 0; k < 2; k++) {
		snprintf(pattern, sizeof(pattern), libs[k], root, (int)(strrchr(exe, '/') - exe), exe);
		if (glob(pattern, 0, NULL, &g))
			continue;
		/* Beside an executable that has an interpreter of its own, the library is run by nobody here. */
		for (size_t i = 0; i < g.gl_pathc; i++)
			add_file(g.gl_pathv[i], root, nfile == before ? exe : "");
		globfree(&g);
	}
}

static void add_word(char *word)
{
	char *colon = strchr(word, ':');

	if (colon)
		*colon++ = '\0';
	if (strrchr(colon ? colon : word, '/'))
		add_python(colon ? word : "", colon ? colon : word);
}

static void add_lines(const char *cmd)
{
	FILE *f = popen(cmd, "r");
	char line[PATH_MAX];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		add_word(line);
	}
	if (f)
		pclose(f);
}

static int find_files(void **state)
{
	if (getenv("DT_PYTHONS"))
		add_lines("printf '%s\\n' $DT_PYTHONS");
	else
		add_lines("c=${DTRACE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dtrace-vm}/pythons\n"
			  "for r in \"$c\"/*-3.*; do [ ! -d $r ] || echo $r:/usr/bin/python${r##*-}; done\n"
			  "IFS=:; for d in $PATH; do for p in $d/python3.?*; do\n"
			  "case $p in *-config|*.py) ;; *) [ ! -x $p ] || "
			  "$p -c 'import sys; print(sys.executable)' 2>/dev/null;; esac; done; done");
	return target_setup(state);
}

static void need_files(void)
{
	if (nfile)
		return;
	print_message("skipped: no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS\n");
	skip();
}

/* All that is known of a file; fails if it isn't understood. */
static void learn(const char *path, struct dt_py *py)
{
	struct dt_elf *e = target_elf(path);
	struct dt_py_elf pe;
	struct dt_err err;
	int minor;

	memset(py, 0, sizeof(*py));
	minor = dt_py_version(e, path, &err);
	if (minor < 0 || dt_py_layout(e, minor, path, &py->layout, &err))
		fail_msg("%s", err.msg);
	if (dt_py_elf_open(e, &pe, &err) || dt_py_eval_find(&pe, &py->layout, path, &py->eval, &err) ||
	    dt_py_gc_find(&pe, minor, &py->gc) || dt_py_audit_find(&pe, minor, &py->audit) ||
	    dt_py_recipes(py, path, &err))
		fail_msg("%s", err.msg);
	dt_py_elf_close(&pe);
	dt_elf_put(e);
}

static struct dt_py *learnt(size_t i)
{
	static struct dt_py *all[MAX_FILES];

	if (!all[i]) {
		all[i] = calloc(1, sizeof(*all[i]));
		learn(file[i].path, all[i]);
	}
	return all[i];
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void versions(void **state)
{
	(void)state;
	need_files();
	for (size_t i = 0; i < nfile; i++) {
		const char *three = strstr(strrchr(file[i].path, '/'), "3.");

		if (three && isdigit(three[2]))
			assert_int_equal(learnt(i)->layout.minor, atoi(three + 2));
	}
}

/* A symbol whose name begins so: compilers and linkers append things. 0: there is none, or there are several. */
static uint64_t symbol_like(struct dt_elf *e, const char *name)
{
	Elf *elf = dt_elf_handle(e);
	size_t len = strlen(name);
	Elf_Scn *scn = NULL;
	uint64_t v = 0;

	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d = elf_getdata(scn, NULL);

		for (size_t i = 0; sh->sh_type == SHT_SYMTAB && i < sh->sh_size / sh->sh_entsize; i++) {
			GElf_Sym s;
			const char *str;

			gelf_getsym(d, i, &s);
			str = elf_strptr(elf, sh->sh_link, s.st_name);
			if (strncmp(str, name, len) || (str[len] && str[len] != '.') || strstr(str, ".cold"))
				continue;
			if (v && v != s.st_value)
				return 0;
			v = s.st_value;
		}
	}
	return v;
}

static void found_as_symbols_say(void **state)
{
	static const char *const clear[] = { "_PyFrame_Clear", "_PyEvalFrameClearAndPop", "_PyEval_FrameClearAndPop" };
	size_t compared = 0;

	(void)state;
	need_files();
	for (size_t i = 0; i < nfile; i++) {
		const struct dt_py *py = learnt(i);
		struct dt_elf *e = target_elf(file[i].path);
		uint64_t table = symbol_like(e, "opcode_targets"), f;
		int minor = py->layout.minor;

		if (minor >= 11 && table) {
			assert_int_equal(py->eval.table, table);
			compared++;
		}
		f = minor < 11 ? 0 : symbol_like(e, clear[minor == 11 ? 0 : minor == 12 ? 1 : 2]);
		if (f && (minor == 11 || !py->eval.is_clear_inner)) {
			assert_int_equal(py->eval.clear, f);
			compared++;
		}
		if (minor < 11) {
			assert_true(py->eval.npush >= 1 && py->eval.ret.n >= 1);
			assert_int_not_equal(py->eval.push[0].addr, py->eval.function);
		}
		f = minor < 9 || minor > 13 ? 0 : dt_py_symbol(e, minor == 9 ? "collect" : "gc_collect_main");
		if (f && py->gc.function) {
			assert_int_equal(py->gc.function, f);
			compared++;
		}
		assert_true(py->eval.nraise >= 1 && py->eval.nraise <= DT_PY_RAISES);
		if (minor >= 12)
			assert_int_not_equal(py->eval.raise_thread.kind, DT_PY_UNKNOWN);
		dt_elf_put(e);
	}
	print_message("%zu addresses compared in %zu files\n", compared, nfile);
}

static void same_place(const struct dt_py *a, const struct dt_py *b)
{
	/* Where garbage is collected and where audit events pass only symbols tell; these come last. */
	assert_int_equal(a->nst, b->nst + (a->gc.function ? 2 : 0) + (a->audit.function ? 1 : 0));
	for (size_t i = 0; i < b->nsite; i++) {
		assert_int_equal(a->site[i].addr, b->site[i].addr);
		assert_int_equal(a->site[i].nstep, b->site[i].nstep);
		assert_memory_equal(a->site[i].step, b->site[i].step, a->site[i].nstep * sizeof(*a->site[i].step));
	}
	assert_int_equal(a->eval.frame, b->eval.frame);
	assert_int_equal(a->eval.next, b->eval.next);
}

static void stripping_changes_nothing(void **state)
{
	static struct dt_py py;

	(void)state;
	need_files();
	for (size_t i = 0; i < nfile; i++) {
		char name[32], *copy;

		snprintf(name, sizeof(name), "copy%zu", i);
		copy = target_path(name);
		assert_int_equal(target_run("strip -s -o %s %s", copy, file[i].path), 0);
		learn(copy, &py);
		same_place(learnt(i), &py);
		unlink(copy);
	}
}

/* Sites are instructions in the text, recipes are short, and each probe has what it needs. */
static void sites_are_sound(void **state)
{
	(void)state;
	need_files();
	for (size_t i = 0; i < nfile; i++) {
		const struct dt_py *py = learnt(i);
		struct dt_elf *e = target_elf(file[i].path);
		const struct { const char *name; bool is_there; } probes[] = {
			{ "function-entry", true }, { "function-return", true }, { "exception-unwind", true },
			{ "import-find-load-start", !py->has_imports }, { "import-find-load-done", !py->has_imports },
			{ "exception-raise", true },
			{ "gc-start", py->gc.function }, { "gc-done", py->gc.function },
			{ "audit", py->audit.function },
		};
		size_t k = 0;

		for (size_t n = 0; n < sizeof(probes) / sizeof(*probes); n++) {
			if (!probes[n].is_there)
				continue;
			assert_true(k < py->nst);
			assert_string_equal(py->st[k++].name, probes[n].name);
		}
		assert_int_equal(k, py->nst);
		assert_int_equal(!!py->audit.function, py->layout.minor >= 8 && symbol_like(e, "sys_audit"));
		for (k = 0; k < py->nst; k++) {
			assert_string_equal(py->st[k].prov, "python");
			assert_true(py->st[k].nsite > 0);
		}
		for (k = 0; k < py->nsite; k++) {
			const struct dt_site *s = &py->site[k];
			struct dt_pid_insn in;
			const uint8_t *code;
			size_t avail;

			assert_true(s->nstep > 0 && s->nstep <= DTRACE_STEP_MAX);
			code = dt_elf_text(e, s->addr, &avail);
			assert_non_null(code);
			assert_int_equal(dt_pid_decode_one(code, avail, s->addr, &in), 0);
			assert_false(in.is_fixed);
			for (size_t n = 0; n < s->nstep; n++)
				assert_true(s->step[n].op < DTRACE_STEP_NOPS && s->step[n].skip < s->nstep - n);
		}
		dt_elf_put(e);
	}
}

/* ---- The interpreter's own word ----------------------------------------------------------------- */

static const char check_code[] =
	"import sys, ctypes\n"
	"def f(x):\n"
	"    a = 1\n"
	"    return sys._getframe()\n"
	"c = f.__code__\n"
	"p = lambda o, at: ctypes.c_size_t.from_address(id(o) + at).value\n"
	"i = lambda o, at: ctypes.c_int.from_address(id(o) + at).value\n"
	"off = dict((k, int(v)) for k, v in (w.split('=') for w in sys.argv[1:]))\n"
	"bad = []\n"
	"def same(what, a, b):\n"
	"    if a != b: bad.append('%s: %r %r' % (what, a, b))\n"
	"same('filename', p(c, off['co_filename']), id(c.co_filename))\n"
	"same('name', p(c, off['co_name']), id(c.co_name))\n"
	"same('firstlineno', i(c, off['co_firstlineno']), c.co_firstlineno)\n"
	"if 'co_qualname' in off: same('qualname', p(c, off['co_qualname']), id(c.co_qualname))\n"
	"table = c.co_linetable if sys.version_info >= (3, 10) else c.co_lnotab\n"
	"if sys.version_info >= (3, 10) or sys.version_info < (3, 10):\n"
	"    b = p(c, off['co_linetable'])\n"
	"    n = ctypes.c_size_t.from_address(b + off['bytes_size']).value\n"
	"    same('linetable', ctypes.string_at(b + off['bytes_data'], n), table)\n"
	"if 'co_code_adaptive' in off:\n"
	"    import dis\n"
	"    first = i(c, off['co_firsttraceable']) * 2\n"
	"    names = [x.opname for x in dis.get_instructions(c) if x.offset == first]\n"
	"    same('firsttraceable', names, ['RESUME'])\n"
	"    same('adaptive', ctypes.string_at(id(c) + off['co_code_adaptive'], 1)[0] in\n"
	"         [dis.opmap['RESUME']] + list(range(1, 256)), True)\n"
	"    same('end', ctypes.string_at(id(c) + off['co_code_adaptive'] + len(c.co_code) - 2, 1) in\n"
	"         (c.co_code[-2:-1],), True)\n"
	"else:\n"
	"    same('code', p(c, off['co_code']), id(c.co_code))\n"
	"    fr = f(1)\n"
	"    same('frame.code', p(fr, off['frame_code']), id(c))\n"
	"    same('frame.lasti', i(fr, off['frame_lasti']) << off['lasti_shift'], fr.f_lasti)\n"
	"    g = (lambda: sys._getframe())\n"
	"for s in ('ascii', 'a' * 300):\n"
	"    same('ascii', ctypes.string_at(id(s) + off['ascii']), s.encode())\n"
	"w = chr(0x4e00) * 3\n"
	"same('wide', ctypes.string_at(id(w) + off['wide'], 6), w.encode('utf-16-le'))\n"
	"same('length', p(w, off['str_length']), 3)\n"
	"same('cached', p(w, off['utf8']), 0)\n"
	"ctypes.pythonapi.PyUnicode_AsUTF8.argtypes = [ctypes.py_object]\n"
	"ctypes.pythonapi.PyUnicode_AsUTF8.restype = ctypes.c_void_p\n"
	"same('utf8', ctypes.pythonapi.PyUnicode_AsUTF8(w), p(w, off['utf8']))\n"
	"same('type', p(c, off['ob_type']), id(type(c)))\n"
	"same('type name', ctypes.string_at(p(KeyError, off['type_name'])), b'KeyError')\n"
	"print('\\n'.join(bad))\n"
	"sys.exit(1 if bad else 0)\n";

static void add_offset(char *args, const char *name, unsigned int value)
{
	if (value != DT_PY_ABSENT)
		sprintf(args + strlen(args), " %s=%u", name, value);
}

#define OFFSET(f) add_offset(args, #f, l->f)

static void offsets_as_the_interpreter_says(void **state)
{
	size_t asked = 0;

	(void)state;
	need_files();
	for (size_t i = 0; i < nfile; i++) {
		const struct dt_py_layout *l = &learnt(i)->layout;
		char args[1024] = "", script[PATH_MAX + 32];
		FILE *f;

		if (!*file[i].exe || (*file[i].root && geteuid()))
			continue;
		OFFSET(co_filename); OFFSET(co_name); OFFSET(co_qualname); OFFSET(co_firstlineno);
		OFFSET(co_linetable); OFFSET(co_code); OFFSET(co_code_adaptive); OFFSET(co_firsttraceable);
		if (!l->is_interp_frame)
			OFFSET(frame_code);
		OFFSET(frame_lasti); OFFSET(lasti_shift); OFFSET(bytes_size); OFFSET(bytes_data);
		OFFSET(str_length); OFFSET(ob_type); OFFSET(type_name);
		add_offset(args, "ascii", l->text & 0xff);
		add_offset(args, "utf8", l->text >> 8 & 0xff);
		add_offset(args, "wide", l->text >> 16 & 0xff);
		snprintf(script, sizeof(script), "%s/tmp/dt-check-%d.py", file[i].root, getpid());
		f = fopen(script, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(check_code, 1, strlen(check_code), f), strlen(check_code));
		fclose(f);
		print_message("%s\n", file[i].path);
		assert_int_equal(target_run("ASAN_OPTIONS= %s %s %s %s%s", *file[i].root ? "chroot" : "", file[i].root,
					    file[i].exe, script + strlen(file[i].root), args), 0);
		unlink(script);
		asked++;
	}
	print_message("%zu interpreters asked\n", asked);
}

/* ---- What is no interpreter ------------------------------------------------------------------------- */

static void others_are_refused(void **state)
{
	struct dt_py_layout l;
	struct dt_err err;
	struct dt_elf *e;
	struct dt_py_elf pe;
	struct dt_py_eval ev;
	char *path;

	(void)state;
	assert_false(dt_py_maybe("/nonexistent"));
	assert_false(dt_py_maybe("/etc/passwd"));
	assert_false(dt_py_maybe("/bin/sh"));
	path = target_build("python3.9", "", "int main(void) { return 0; }\n");
	assert_false(dt_py_maybe(path));
	e = target_elf(path);
	assert_int_equal(dt_py_version(e, path, &err), -ENOENT);
	dt_elf_put(e);
	path = target_build("future", "",
			    "const unsigned Py_Version = 0x03100000; void _PyEval_EvalFrameDefault(void) {}\n"
			    "int main(void) { return 0; }\n");
	e = target_elf(path);
	assert_true(dt_py_maybe(path));
	assert_int_equal(dt_py_version(e, "future", &err), -ENOTSUP);
	assert_string_equal(err.msg, "future is Python 3.16.0: known are 3.6 to 3.15");
	dt_elf_put(e);
	path = target_build("odd", "",
			    "const unsigned Py_Version = 0x030c0000; void _PyEval_EvalFrameDefault(void) {}\n"
			    "int main(void) { return 0; }\n");
	e = target_elf(path);
	assert_int_equal(dt_py_version(e, "odd", &err), 12);
	assert_int_equal(dt_py_layout(e, 12, "odd", &l, &err), 0);
	assert_int_equal(dt_py_elf_open(e, &pe, &err), 0);
	assert_int_equal(dt_py_eval_find(&pe, &l, "odd", &ev, &err), -ENOTSUP);
	assert_non_null(strstr(err.msg, "odd is Python 3.12, but its table of opcodes was not found"));
	dt_py_elf_close(&pe);
	assert_int_equal(dt_py_layout(e, 13, "odd", &l, &err), -ENOTSUP);
	dt_elf_put(e);
	path = target_build("old", "", "void PyEval_EvalFrameEx(void) {}\nint main(void) { return 0; }\n");
	e = target_elf(path);
	assert_false(dt_py_maybe(path));
	assert_int_equal(dt_py_version(e, "old", &err), -ENOTSUP);
	assert_string_equal(err.msg, "old is a Python older than 3.6: known are 3.6 to 3.15");
	dt_elf_put(e);
	path = target_build("mixed", "", "int PyModule_AddObjectRef; void _PyEval_EvalFrameDefault(void) {}\n"
			    "int main(void) { return 0; }\n");
	e = target_elf(path);
	assert_int_equal(dt_py_version(e, "mixed", &err), -ENOTSUP);
	dt_elf_put(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(found_as_symbols_say),
		cmocka_unit_test(stripping_changes_nothing),
		cmocka_unit_test(sites_are_sound),
		cmocka_unit_test(offsets_as_the_interpreter_says),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, find_files, target_teardown);
}
