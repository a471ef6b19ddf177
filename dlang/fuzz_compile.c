// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the compiler: whatever the text, it compiles or says why not, and what
 * it compiles the engine accepts and can run. A failure leaves nothing behind.
 *
 * Input is D text. If it begins with \1, four bytes follow that choose options (struct setup);
 * \2 cuts it into programs that are compiled one after the other for the same consumer.
 *
 * With libFuzzer: "make fuzzers"; it has a dictionary, tests/fuzz/d.dict. Without,
 * main() feeds it the corpus, all tests of the language, and programs made of the pieces of good ones: words are left
 * out, added, or replaced by words of another. "fuzz_compile -i DIR" writes the
 * images of the corpus's programs to DIR: what fuzz_dif starts from.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "test_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_PROGS 8

static unsigned long compiled;
static FILE *null;

/* ---- The D libraries of the tree ---------------------------------------------------- */

#define FUZZ_LIBS 16
static struct lib {
	char name[64], *text;
	size_t len;
	bool done;
} libs[FUZZ_LIBS];
static unsigned int nlibs;

static void read_libs(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];
	FILE *fp;

	while (d && (e = readdir(d)) && nlibs < FUZZ_LIBS) {
		struct lib *l = &libs[nlibs];
		size_t room = 0;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		fp = strstr(e->d_name, ".d") ? fopen(path, "r") : NULL;
		if (!fp)
			continue;
		snprintf(l->name, sizeof(l->name), "%.63s", e->d_name);
		l->len = (size_t)getdelim(&l->text, &room, '\0', fp);
		nlibs += l->len != (size_t)-1;
		fclose(fp);
	}
	if (d)
		closedir(d);
}

static int depends(void *ctx, const char *kind, const char *name)
{
	(void)ctx;
	for (unsigned int i = 0; i < nlibs && !strcmp(kind, "library"); i++) {
		if (!strcmp(libs[i].name, name))
			return libs[i].done;
	}
	return strcmp(kind, "library") && *name != 'n';
}

/* Those that others depend on first: whoever is refused for that tries again. */
static void load_libs(struct machine *m)
{
	unsigned int left, before = 0;
	struct dt_program *p;

	if (!nlibs) {
		read_libs("dlang/lib");
		read_libs("dlang/lib/linux-5.10");
	}
	for (unsigned int i = 0; i < nlibs; i++)
		libs[i].done = false;
	m->cc.library = m->cc.empty_ok = true;
	for (left = nlibs; left && left != before;) {
		before = left;
		for (unsigned int i = 0; i < nlibs; i++) {
			if (libs[i].done)
				continue;
			m->diag = (struct dt_diag){ 0 };
			p = dt_compile(&m->cc, libs[i].text, libs[i].len);
			dt_program_free(p);
			libs[i].done = p;
			left -= libs[i].done;
		}
	}
	if (left)
		fail_msg("a library does not compile: %s", m->diag.msg);
	m->cc.library = m->cc.empty_ok = false;
}

/* ---- Options ---------------------------------------------------------------------------- */

static bool macro(void *ctx, const char *name, int64_t *val, bool *undef)
{
	(void)ctx;
	*undef = *name == 'u';
	*val = (int64_t)strlen(name);
	return strlen(name) < 7;
}

static int option(void *ctx, const char *name, const char *value, char *err, size_t n)
{
	(void)ctx;
	(void)value;
	snprintf(err, n, "there is no option %s", name);
	return strlen(name) < 8 ? 0 : -1;
}

static unsigned short file(void *ctx, const char *name)
{
	(void)ctx;
	return (unsigned short)(2 + strlen(name) % 3);
}

static void show_tree(void *ctx, int pass, const struct dt_node *tree)
{
	(void)ctx;
	(void)pass;
	dt_ast_print(tree, null);
	dt_unparse(tree, null);
}

struct setup {
	uint8_t how, sizes, regs, amin;
};

static void set_up(struct machine *m, const struct setup *s)
{
	static char *argv[] = { "x.d", "1", "two", "th ree", "-5", "" };
	static const uint32_t strsizes[] = { 256, 16, 17, 65536 }, frames[] = { 20, 1, 100, 4096 };
	static const uint32_t few[] = { 0, 1, 2, 4, 8, 3, 5, 100 };
	static const int specs[] = { 0, 4, 1, 2, 3, 0, 0, 4 };

	m->cc.depends = depends;
	m->cc.option = option;
	m->cc.file = file;
	if (s->regs >= 0xe0)	/* seldom: they take thirty times as long as a program */
		load_libs(m);
	m->cc.spec = specs[s->how & 7];
	m->cc.pspec = s->how & 8;
	m->cc.empty_ok = s->how & 16;
	m->macros = (struct dt_macros){
		.argc = s->how & 64 ? 6 : 0, .argv = argv, .lookup = macro, .argref = true,
		.defaultargs = s->how & 128,
	};
	m->cc.strsize = strsizes[s->sizes & 3];
	m->cc.stackframes = frames[s->sizes >> 2 & 3];
	m->cc.ustackframes = m->cc.jstackframes = frames[s->sizes >> 4 & 3];
	m->cc.jstackstrsize = s->sizes & 64 ? 512 : 0;
	table.kernel_undef = table.user_undef = s->sizes & 128;
	m->cc.iregs = few[s->regs & 7];
	m->cc.tregs = few[s->regs >> 3 & 7];
	m->cc.tree = s->regs & 64 ? show_tree : NULL;
	m->cc.has_amin = s->amin & 128;
	m->cc.amin = (struct dt_attr){ s->amin & 7, s->amin >> 3 & 7, s->amin >> 4 & 7 };
}

/* ---- One input ----------------------------------------------------------------------------- */

static void show(struct machine *m, const struct dt_program *p)
{
	struct dt_about about;

	for (uint32_t i = 0; i < p->nclauses; i++) {
		const struct dt_clause *c = &p->clauses[i];

		if (c->pred)
			dt_difo_print(c->pred, "predicate", c->text, null);
		for (uint32_t j = 0; j < c->nactions; j++) {
			if (c->actions[j].difo)
				dt_difo_print(c->actions[j].difo, "action", c->text, null);
		}
		for (uint32_t j = 0; j < c->npats; j++)
			dt_about_probe(m->types, m->idents, &c->pats[j], &about);
	}
}

/* What the compiler makes the engine accepts, unless it is too large: that only the engine says. */
static bool too_large(const struct machine *m, const struct dt_program *p)
{
	struct dtrace_ioc_error err = { 0 };
	struct dtk_program *k;
	size_t size;
	void *blob;
	int rc;

	assert_int_equal(dt_program_image(p, m->cc.strsize, DTRACE_IMG_DESTRUCTIVE, &blob, &size), 0);
	rc = dtk_program_load(blob, size, &k, &err);
	if (!rc) {
		rc = dtk_vars_declare(m->sink.vars, k, &err);
		dtk_program_put(k);
	}
	if (rc && !strstr(err.msg, "larger than") && !strstr(err.msg, "more than"))
		fail_msg("the engine refuses difo %u: %s", err.difo, err.msg);
	free(blob);
	return rc;
}

static void one_program(struct machine *m, const uint8_t *text, size_t len)
{
	unsigned int idents = dt_idents_mark(m->idents);
	size_t marked = dt_types_mark(m->types);
	char *exact = malloc(len);	/* so that reading past the end is seen */
	struct dt_program *p;

	memcpy(exact, text, len);
	m->diag = (struct dt_diag){ 0 };
	p = dt_compile(&m->cc, exact, len);
	free(exact);
	if (p) {
		compiled++;
		show(m, p);
		if (too_large(m, p)) {
			dt_program_free(p);
			return;
		}
		machine_fire(m, machine_load(m, p));
		machine_fire(m, m->kprog[m->nprogs - 1]);
		return;
	}
	assert_true(m->diag.set && m->diag.msg[0]);
	assert_false(m->diag.tag == D_UNKNOWN && !strncmp(m->diag.msg, "internal:", 9));
	assert_int_equal(dt_idents_mark(m->idents), idents);
	assert_int_equal(dt_types_mark(m->types), marked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_create();
	char user[16] = "user text";
	struct setup setup;
	const uint8_t *cut;
	size_t n;

	if (!null)
		null = fopen("/dev/null", "w");
	names_begin(m);
	m->fire.arg[0] = (uintptr_t)memory;
	m->fire.arg[1] = (uintptr_t)user;
	dtk_port_umap(user, sizeof(user));
	if (size > sizeof(setup) && *data == 1) {
		memcpy(&setup, data + 1, sizeof(setup));
		data += sizeof(setup) + 1;
		size -= sizeof(setup) + 1;
		set_up(m, &setup);
	}
	for (int i = 0; i < FUZZ_PROGS && (i == 0 || size); i++) {
		cut = size ? memchr(data, 2, size) : NULL;
		n = cut ? (size_t)(cut - data) : size;
		one_program(m, data, n);
		n += cut != NULL;
		data += n;
		size -= n;
	}
	machine_destroy(m);
	return 0;
}

#ifndef FUZZ_GUIDED

#include "../tests/fuzz/fuzz.h"
#include "../tests/fuzz/random.h"

static const char *const seeds[] = {
	"thing_t * k ; u32 w ; struct hold { u32 m ; struct thing by ; } ; "
	"BEGIN { k = & `things [ 1 ] ; trace ( k -> pid ) ; "
	"trace ( ( ( struct vmlinux`thing * ) arg0 ) -> next -> in . s + ( u32 ) `counter + STATE_RED ) ; "
	"trace ( stringof ( k -> comm ) ) ; x = ( long ) & `func ; trace ( sizeof ( thing_t ) ) ; "
	"trace ( * ( int * ) & `untyped ) ; this -> u = ( pid7`libx.so.1`struct thing * ) arg1 ; "
	"trace ( this -> u -> next -> mid ) ; trace ( offsetof ( struct thing , in . name ) ) ; }",
	"struct s { int a ; int f : 3 ; char n [ 8 ] ; struct s * next ; } ; struct s v ; int arr [ 4 ] ; "
	"BEGIN { v . a = 3 ; v . f ++ ; arr [ 2 ] += v . f ; trace ( v . n ) ; this -> p = & arr [ 0 ] ; }",
	"BEGIN / pid == 3 && ! ( tid > 4 || uid ) / { a [ 1 , \"x\" ] = timestamp ; self -> t = a [ 2 , \"y\" ] ; }",
	"BEGIN { x = 1 ; x <<= 3 ; x = ( char ) x * 2 + sizeof ( int ) ; s = x ? \"a\" : execname ; "
	"trace ( s == \"b\" ) ; }",
	"BEGIN { if ( arg0 ) { trace ( 1 ) ; } else if ( x ++ ) "
	"printf ( \"%d %s\" , arg1 , probefunc ) ; else exit ( 0 ) ; }",
	"BEGIN { @a [ probefunc , ustack ( 3 ) ] = quantize ( arg0 ) ; @b = lquantize ( arg1 , 0 , 10 , 2 ) ; "
	"printa ( \"%@d\" , @b ) ; trunc ( @a , 5 ) ; normalize ( @b , 10 ) ; }",
	"this int * q ; self string w ; string r [ int , string ] ; BEGIN { this -> q = ( int * ) alloca ( 16 ) ; "
	"* this -> q = -1 ; this -> q [ 1 ] -- ; self -> w = strjoin ( \"a\" , lltostr ( pid ) ) ; "
	"r [ 1 , self -> w ] = \"z\" ; }",
	"BEGIN { u = ( userland struct t * ) arg0 ; trace ( stringof ( ( userland char * ) arg1 ) ) ; "
	"bcopy ( copyin ( arg0 , 8 ) , alloca ( 8 ) , 8 ) ; trace ( substr ( copyinstr ( arg0 ) , 1 , 2 ) ) ; }",
	"struct o { char a ; long b ; } ; enum e { A , B = 5 } ; inline int X = A + 3 ; BEGIN { trace ( X ^^ B ) ; "
	"trace ( - X ) ; trace ( ~ A ) ; "
	"trace ( ( A , B ) ) ; trace ( offsetof ( struct o , b ) ) ; tracemem ( arg0 , 16 ) ; }",
	"inline int f [ int a , string s ] = a + strlen ( s ) ; inline long g [ long b ] = b * f [ b , \"x\" ] ; "
	"BEGIN / g [ arg0 ] / { x = g [ x ++ ] + f [ f [ 1 , \"y\" ] , execname ] ; trace ( x ) ; }",
	"struct i { int v ; char n [ 8 ] ; struct i * up ; } ; struct o { int a : 3 ; string s ; char t [ 4 ] ; "
	"struct o * p ; } ; translator struct o < struct i * I > { a = I -> v ; s = I -> n ; t = I -> n ; } ; "
	"translator struct o < int k > { a = k ; } ; "
	"inline struct o * cur = xlate < struct o * > ( ( struct i * ) arg0 ) ; "
	"BEGIN { trace ( cur -> a ) ; trace ( * cur ) ; this -> q = xlate < struct o * > ( x ++ ) ; "
	"trace ( xlate < struct o > ( 3 ) ) ; trace ( this -> q -> a ) ; self -> w = cur ; g = self -> w == NULL ; "
	"g2 = cur ; g2 = 0 ; trace ( g2 -> s ) ; }",
	"struct b { int f ; } ; struct o { int a ; } ; translator struct o < struct b * B > { a = B -> f ; } ; "
	"provider blk { probe start ( struct b * b , int n ) : ( struct o * b , int n ) ; } ; "
	"blk:::start { trace ( args [ 0 ] -> a ) ; trace ( args [ 1 ] ) ; }",
};
#define NSEEDS (sizeof(seeds) / sizeof(seeds[0]))

/* A word of any seed; returns its length. */
static size_t word(const char **ret)
{
	const char *s = seeds[rnd(NSEEDS)], *p = s + rnd((uint32_t)strlen(s));

	while (p > s && p[-1] != ' ')
		p--;
	*ret = p;
	return strcspn(p, " ");
}

static size_t mutate(const char *s, char *out, size_t room)
{
	size_t n = 0, len;
	const char *w;

	while (*s && n + 64 < room) {
		w = s;
		len = strcspn(s, " ");
		s += len + (s[len] == ' ');
		switch (rnd(90)) {
		case 0:		/* left out */
			continue;
		case 1:		/* another one after it */
			memcpy(out + n, w, len);
			n += len;
			len = word(&w);
			out[n++] = ' ';
			break;
		case 2: case 3: case 4:		/* another one instead */
			len = word(&w);
			break;
		default:
			break;
		}
		if (len > 40)
			len = 40;
		memcpy(out + n, w, len);
		n += len;
		out[n++] = ' ';
	}
	return n;
}

static void feed(const void *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
}

static const char *image_dir;

static void write_image(const void *data, size_t size)
{
	struct machine *m = machine_create();
	struct dt_program *p = dt_compile(&m->cc, data, size);
	char path[4096];
	size_t n;
	void *blob;
	FILE *fp;

	if (p && !dt_program_image(p, m->cc.strsize, 0, &blob, &n)) {
		snprintf(path, sizeof(path), "%s/%lu", image_dir, fuzz_files);
		fp = fopen(path, "w");
		if (!fp || fwrite(blob, 1, n, fp) != n || fclose(fp)) {
			perror(path);
			exit(1);
		}
		free(blob);
	}
	dt_program_free(p);
	machine_destroy(m);
}

static void corpus(void (*fn)(const void *data, size_t size))
{
	fuzz_folder("tests/fuzz/compile", fn);
	fuzz_folder("tests/d", fn);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 3000;
	char text[4096];

	if (argc == 3 && !strcmp(argv[1], "-i")) {
		image_dir = argv[2];
		corpus(write_image);
		for (size_t i = 0; i < NSEEDS; i++, fuzz_files++)
			write_image(seeds[i], strlen(seeds[i]));
		return 0;
	}
	for (size_t i = 0; i < NSEEDS; i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
	if (compiled != NSEEDS) {
		fprintf(stderr, "fuzz_compile: a seed does not compile\n");
		return 1;
	}
	corpus(feed);
	for (unsigned long i = 0; i < n; i++)
		LLVMFuzzerTestOneInput((const uint8_t *)text, mutate(seeds[rnd(NSEEDS)], text, sizeof(text)));
	printf("fuzz_compile: %lu of %lu programs compiled\n", compiled, n + NSEEDS + fuzz_files);
	return 0;
}

#endif
