// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser against hostile text. As a program: N deterministic mutations of
 * the seeds below (default 50000; "fuzz_parse N [first]"). With
 * libFuzzer: "make fuzzers".
 *
 * The first byte chooses the options, the rest is the text. Whatever it is,
 * dt_parse gives a tree that prints, or an error with a message, and leaves no
 * names behind when it fails.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ident.h"

static bool lookup(void *ctx, const char *name, int64_t *val, bool *undef)
{
	(void)ctx;
	(void)undef;
	*val = strlen(name);
	return strlen(name) < 7;
}

static void die(const char *why, const uint8_t *text, size_t n)
{
	fprintf(stderr, "fuzz_parse: %s:\n%.*s\n", why, (int)n, (const char *)text);
	abort();
}

/* The types and built-ins are made once: they cost more than a parse. */
static struct dt_types *types;
static struct dt_idents *idents;
static unsigned long parsed;

static void open_once(void)
{
	if (types)
		return;
	types = dt_types_create();
	idents = dt_idents_create(types);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int specs[] = { 0, 4, 0, 4, 4, 1, 2, 3 };
	static char *const argv[] = { "x.d", "1", "two", "th ree" };
	struct dt_macros macros = { .argc = 4, .argv = argv, .lookup = lookup, .argref = true };
	struct dt_arena *arena = dt_arena_create();
	struct dt_diag diag = { 0 };
	struct dt_parse p = { .arena = arena, .macros = &macros, .diag = &diag, .src = 1 };
	static FILE *null;
	struct dt_node *n;
	unsigned int imark;
	size_t tmark;

	open_once();
	if (!null)
		null = fopen("/dev/null", "w");
	p.types = types;
	p.idents = idents;
	if (size) {
		p.spec = specs[data[0] % 8];
		macros.defaultargs = data[0] & 0x40;
		p.probe_spec_ambiguous_is_probe = data[0] & 0x80;
		data++;
		size--;
	}
	imark = dt_idents_mark(idents);
	tmark = dt_types_mark(types);
	n = dt_parse(&p, (const char *)data, size);
	if (!n != diag.set || (diag.set && !diag.msg[0]))
		die("neither a tree nor an error", data, size);
	if (!n && (dt_idents_mark(idents) != imark || dt_types_mark(types) != tmark))
		die("a failed parse left names", data, size);
	dt_ast_print(n, null);
	parsed += n != NULL;
	dt_idents_rollback(idents, imark);
	dt_types_rollback(types, tmark);
	dt_arena_destroy(arena);
	return 0;
}

#ifndef FUZZ_GUIDED

#include "../tests/fuzz/fuzz.h"

static void close_once(void)
{
	dt_idents_destroy(idents);
	dt_types_destroy(types);
	types = NULL;
}

static const char *const seeds[] = {
	"pid$target:::entry{ @[probefunc] = count() }",
	"pid$target:libc:malloc:entry/arg0 > 1024 / 2/{ @[ustack(5), execname] = quantize(arg0); "
	"self->x[1, \"a\"] = 'ab'; }",
	"int x; self string y; string s[int, char *]; BEGIN { if (x == 1) { y = \"\\x41\\n\"; } "
	"else trace(`sym, mod`sym) }",
	"struct s { int a:3, :0, b; struct { char c[4]; }; } v; union u { struct s *p; enum e { A, B = 2 << 3 } e; };",
	"typedef unsigned long (*fn_t)(int, const char *restrict, ...); fn_t f[sizeof (fn_t)]; "
	"translator int < fn_t p > { a = p; };",
	"provider p { probe a(int x, char *) : (string); probe b__c(); }; inline int i[int a, string b] = a ? b : 3;",
	"#!/usr/sbin/dtrace -s\n#pragma D option quiet\n# 5 \"x.h\"\n"
	"tick-1sec,profile:::profile-97 /* c */ // d\n{ printf(\"%d\\n\", $1); }",
	"a /x ^^ y || (z /= 2, 3) != ~-+!*&w->q.r++/ { xlate <struct s *>(x)->a; offsetof(struct "
	"s, c.d); stringof(y); sizeof x; $$2; }",
	"BEGIN { x = y += z -= 1 *= 2 %= 3 &= 4 ^= 5 |= 6 <<= 7 >>= 8 ? 9 : 10 << 11 >> 12 <= 13 "
	">= 14 == 15; --x; (int)y; }",
	"this const userland volatile pid_t *z, **q[3]; extern int f(void); 12, "
	"libc*:[a-z]?!x:\\*y:$2 { 0x1fULL; 017l; }",
};
static const char *const words[] = {
	"int", "struct", "self", "this->", "@", "/", "{", "}", "(", ")", "[", "]", ";", ",", "\"",
	"'", "\\", "/*", "*/", "//", "\n",
	"#", "#pragma D ", "#line 1\n", "$target", "$$1", "$9", ":::", "::", "typedef", "int x;",
	"enum { A }", "if (", "else ",
	"translator", "inline", "provider", "probe", "xlate <", "sizeof (", "...", "->", "^^",
	"99999999999999999999", "0x", "`",
	"uint64_t", "string", "*", "<", ">", "=", "? 1 : 2", "\0", "\xff", "struct s {", "int a[",
	"unsigned", "long", "/ {",
};

static uint64_t rng;

static unsigned int pick(unsigned int n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 11) % n;
}

#define ROOM	4096

/* Replace @cut bytes at @at by @n bytes of @s. */
static size_t splice(char *buf, size_t len, size_t at, size_t cut, const char *s, size_t n)
{
	if (cut > len - at)
		cut = len - at;
	if (len - cut + n > ROOM)
		return len;
	memmove(buf + at + n, buf + at + cut, len - at - cut);
	memcpy(buf + at, s, n);
	return len - cut + n;
}

static size_t mutate(char *buf, size_t len)
{
	size_t at = pick(len + 1), n;
	const char *other = seeds[pick(sizeof(seeds) / sizeof(seeds[0]))];
	const char *word = words[pick(sizeof(words) / sizeof(words[0]))];
	char c = pick(256), piece[64];

	switch (pick(7)) {
	case 0:		/* another byte */
		return splice(buf, len, at, 1, &c, 1);
	case 1:		/* something less */
		return splice(buf, len, at, 1 + pick(16), "", 0);
	case 2: case 3:	/* a word of the language */
		return splice(buf, len, at, pick(4), word, *word ? strlen(word) : 1);
	case 4:		/* a piece of another seed */
		n = pick(strlen(other));
		return splice(buf, len, at, pick(8), other + n, pick(strlen(other) - n) + 1);
	case 5:		/* the same again */
		n = pick(sizeof(piece)) + 1;
		if (n > len - at)
			n = len - at;
		memcpy(piece, buf + at, n);
		return splice(buf, len, pick(len + 1), 0, piece, n);
	default:	/* cut off */
		return pick(8) ? len : at;
	}
}

static void feed(const void *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 50000, i = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	char buf[ROOM + 64];
	uint8_t *exact;
	size_t len;

	fuzz_folder("tests/fuzz/parse", feed);
	fuzz_folder("tests/d", feed);
	for (n += i; i < n; i++) {
		rng = (i + 1) * 0x9e3779b97f4a7c15u;
		len = snprintf(buf, sizeof(buf), "%s", seeds[i % (sizeof(seeds) / sizeof(seeds[0]))]);
		for (unsigned int m = pick(6); m; m--)
			len = mutate(buf, len);
		exact = malloc(len + 1);	/* so that reading past the end is seen */
		exact[0] = pick(256);
		memcpy(exact + 1, buf, len);
		LLVMFuzzerTestOneInput(exact, len + 1);
		free(exact);
		if (i % 1000 == 999)
			close_once();	/* derived types add up */
	}
	if (types)
		close_once();
	printf("fuzz_parse: %lu of %lu texts parsed\n", parsed, n);
	return !parsed;		/* the seeds at least are right */
}

#endif
