// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the compiler: whatever the text, it compiles or says why not, and what
 * it compiles the engine accepts and can run.
 *
 * With libFuzzer: "make fuzzers". Without, main() feeds it the corpus, all tests
 * of the language, and programs made of the pieces of good ones: words are left
 * out, added, or replaced by words of another. "fuzz_compile -i DIR" writes the
 * images of the corpus's programs to DIR: what fuzz_dif starts from.
 */
#include <stdarg.h>
#include <stddef.h>

#include "test_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long compiled;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_create();
	struct dt_program *p = dt_compile(&m->cc, (const char *)data, size);

	if (p) {
		compiled++;
		machine_fire(m, machine_load(m, p));
	} else {
		assert_true(m->diag.set && m->diag.msg[0]);
		assert_true(m->diag.tag != D_UNKNOWN);	/* that is for what cannot happen */
	}
	machine_destroy(m);
	return 0;
}

#ifndef FUZZ_GUIDED

#include "../tests/fuzz/fuzz.h"

static const char *const seeds[] = {
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
};
#define NSEEDS (sizeof(seeds) / sizeof(seeds[0]))

static uint64_t rng = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % n;
}

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
