// SPDX-License-Identifier: GPL-2.0-or-later
/* Subroutines and their edges, each called from a difo of its own. */
#include "test_image.h"

#include <arpa/inet.h>

static char mem[256];		/* kernel memory */
static char user[128];

static int setup(void **state)
{
	dtk_port_reset();
	dtk_port.error = rig_note_error;
	memset(&rig_error, 0, sizeof(rig_error));
	memset(mem, 0, sizeof(mem));
	dtk_port_map(mem, sizeof(mem));
	dtk_port_umap(user, sizeof(user));
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

static void expect_fault(u32 fault)
{
	assert_int_equal(rig_error.arg[4], fault);
	memset(&rig_error, 0, sizeof(rig_error));
}

/*
 * Arguments by letters: 's' a string of the difo, 'k' the same but copied to
 * kernel memory first, 'i' a number.
 */
static void push_args(struct img *m, const char *kinds, va_list ap)
{
	u32 off = 0;

	img_op(m, R(FLUSHTS, 0, 0, 0));
	for (; *kinds; kinds++) {
		const char *s;

		if (*kinds == 'i') {
			img_setx(m, va_arg(ap, u64), 2);
			img_op(m, R(PUSHTV, 2, 0, 0));
			continue;
		}
		s = va_arg(ap, const char *);
		if (*kinds == 'k') {
			img_setx(m, (uintptr_t)strcpy(mem + off, s), 2);
			off += strlen(s) + 1;
		} else {
			img_sets(m, s, 2);
		}
		img_op(m, R(PUSHTR, 2, 0, DIF_TYPE_STRING));
	}
}

static bool destructive;	/* the program is enabled with -w */

static struct rig *call(u32 subr, struct dif_type type, const char *kinds, va_list ap)
{
	struct img *m = img_new();
	struct rig *r;

	m->hdr.flags = destructive ? DTRACE_IMG_DESTRUCTIVE : 0;
	img_difo(m);
	push_args(m, kinds, ap);
	img_op(m, W(CALL, subr, 1));
	img_op(m, RET(1));
	img_act(m, DTRACEACT_DIFEXPR, img_end(m, type));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	rig_fire(r);
	return r;
}

static u64 num(u32 subr, const char *kinds, ...)
{
	struct rig *r;
	va_list ap;
	u64 val = 0;

	va_start(ap, kinds);
	r = call(subr, t_u64, kinds, ap);
	va_end(ap);
	if (!rig_error.arg[4])
		val = rig_u64(r, 0, 0);
	rig_free(r);
	return val;
}

/* The result in static memory; "<fault>" if there was one. */
static const char *str(u32 subr, const char *kinds, ...)
{
	static char s[64];
	struct rig *r;
	va_list ap;

	va_start(ap, kinds);
	r = call(subr, t_str, kinds, ap);
	va_end(ap);
	strcpy(s, "<fault>");
	if (!rig_error.arg[4])
		memcpy(s, rig_field(r, 0, 0), sizeof(s));
	rig_free(r);
	return s;
}

#define I(x) ((u64)(x))

static void lengths(void **state)
{
	char s[100];

	assert_int_equal(num(DIF_SUBR_STRLEN, "s", ""), 0);
	assert_int_equal(num(DIF_SUBR_STRLEN, "s", "abc"), 3);
	assert_int_equal(num(DIF_SUBR_STRLEN, "k", "abc"), 3);
	memset(s, 'a', 99);
	s[99] = '\0';
	assert_int_equal(num(DIF_SUBR_STRLEN, "s", s), 63);	/* strsize - 1 */
	assert_int_equal(num(DIF_SUBR_STRLEN, "k", s), 63);
	num(DIF_SUBR_STRLEN, "i", I(16));
	expect_fault(DTRACEFLT_BADADDR);
}

static void joins(void **state)
{
	char s[41];

	assert_string_equal(str(DIF_SUBR_STRJOIN, "ss", "", ""), "");
	assert_string_equal(str(DIF_SUBR_STRJOIN, "sk", "foo", "bar"), "foobar");
	assert_string_equal(str(DIF_SUBR_STRJOIN, "ks", "foo", ""), "foo");
	memset(s, 'a', 40);
	s[40] = '\0';
	/* What does not fit is no string at all. */
	assert_string_equal(str(DIF_SUBR_STRJOIN, "ks", s, s), "<fault>");
	expect_fault(DTRACEFLT_NOSCRATCH);
	s[31] = '\0';
	assert_int_equal(strlen(str(DIF_SUBR_STRJOIN, "ks", s, s)), 62);
}

/* strchr() and friends give addresses within their argument. */
static void searches(void **state)
{
	const u64 base = (uintptr_t)mem;

	assert_int_equal(num(DIF_SUBR_STRCHR, "ki", "abcabc", I('b')), base + 1);
	assert_int_equal(num(DIF_SUBR_STRRCHR, "ki", "abcabc", I('b')), base + 4);
	assert_int_equal(num(DIF_SUBR_STRCHR, "ki", "abcabc", I('x')), 0);
	assert_int_equal(num(DIF_SUBR_STRRCHR, "ki", "abcabc", I('x')), 0);
	assert_int_equal(num(DIF_SUBR_STRCHR, "ki", "abc", I(0)), base + 3);
	assert_int_equal(num(DIF_SUBR_STRSTR, "ks", "abcabd", "abd"), base + 3);
	assert_int_equal(num(DIF_SUBR_STRSTR, "ks", "abcabd", "abx"), 0);
	assert_int_equal(num(DIF_SUBR_STRSTR, "ks", "abc", ""), base);
	assert_int_equal(num(DIF_SUBR_STRSTR, "ks", "", ""), base);
	assert_int_equal(num(DIF_SUBR_STRSTR, "ks", "", "a"), 0);
	assert_int_equal(num(DIF_SUBR_STRSTR, "ks", "a", "ab"), 0);
	assert_string_equal(str(DIF_SUBR_STRCHR, "si", "key=value", I('=')), "=value");
}

static s64 find(u32 subr, const char *s, const char *sub)
{
	return num(subr, "ss", s, sub);
}

static s64 find_from(u32 subr, const char *s, const char *sub, s64 pos)
{
	return num(subr, "ssi", s, sub, (u64)pos);
}

static void indexes(void **state)
{
	const char *s = "foofoofoo";

	assert_int_equal(find(DIF_SUBR_INDEX, s, "foo"), 0);
	assert_int_equal(find(DIF_SUBR_INDEX, s, "oof"), 1);
	assert_int_equal(find(DIF_SUBR_INDEX, s, "bar"), -1);
	assert_int_equal(find(DIF_SUBR_INDEX, "", "a"), -1);
	assert_int_equal(find(DIF_SUBR_INDEX, "", ""), 0);
	assert_int_equal(find(DIF_SUBR_INDEX, s, ""), 0);
	assert_int_equal(find_from(DIF_SUBR_INDEX, s, "foo", 1), 3);
	assert_int_equal(find_from(DIF_SUBR_INDEX, s, "foo", -5), 0);
	assert_int_equal(find_from(DIF_SUBR_INDEX, s, "foo", 7), -1);
	assert_int_equal(find_from(DIF_SUBR_INDEX, s, "foo", S64_MAX), -1);
	assert_int_equal(find_from(DIF_SUBR_INDEX, s, "", 4), 4);
	assert_int_equal(find_from(DIF_SUBR_INDEX, s, "", 100), 9);

	assert_int_equal(find(DIF_SUBR_RINDEX, s, "foo"), 6);
	assert_int_equal(find(DIF_SUBR_RINDEX, s, "bar"), -1);
	assert_int_equal(find(DIF_SUBR_RINDEX, s, ""), 9);
	assert_int_equal(find(DIF_SUBR_RINDEX, "", ""), 0);
	assert_int_equal(find_from(DIF_SUBR_RINDEX, s, "foo", 5), 3);
	assert_int_equal(find_from(DIF_SUBR_RINDEX, s, "foo", 0), 0);
	assert_int_equal(find_from(DIF_SUBR_RINDEX, s, "foo", 100), 6);
	assert_int_equal(find_from(DIF_SUBR_RINDEX, s, "foo", -1), -1);
	assert_int_equal(find_from(DIF_SUBR_RINDEX, s, "", -1), 0);
	assert_int_equal(find_from(DIF_SUBR_RINDEX, "ab", "abc", 0), -1);
}

static const char *substr(const char *s, s64 start, s64 n)
{
	return str(DIF_SUBR_SUBSTR, "sii", s, (u64)start, (u64)n);
}

static void substrings(void **state)
{
	assert_string_equal(str(DIF_SUBR_SUBSTR, "si", "foobar", I(3)), "bar");
	assert_string_equal(str(DIF_SUBR_SUBSTR, "si", "foobar", I(-2)), "ar");
	assert_string_equal(str(DIF_SUBR_SUBSTR, "si", "foobar", I(6)), "");
	assert_string_equal(str(DIF_SUBR_SUBSTR, "si", "foobar", I(100)), "");
	assert_string_equal(substr("foobar", 0, 3), "foo");
	assert_string_equal(substr("foobar", 0, 0), "");
	assert_string_equal(substr("foobar", 1, -1), "ooba");
	assert_string_equal(substr("foobar", -4, -2), "ob");
	assert_string_equal(substr("foobar", 4, -5), "");
	assert_string_equal(substr("foobar", -10, 6), "fo");	/* starts before the beginning */
	assert_string_equal(substr("foobar", -10, 4), "");
	assert_string_equal(substr("foobar", S64_MIN, S64_MAX), "fooba");
	assert_string_equal(str(DIF_SUBR_SUBSTR, "si", "foobar", I(-10)), "foobar");
	assert_string_equal(substr("foobar", 2, S64_MAX), "obar");
	assert_string_equal(substr("foobar", 2, S64_MIN), "");
	assert_string_equal(substr("", 0, 5), "");
}

static void paths(void **state)
{
	static const struct {
		const char *path, *dir, *base, *clean;
	} cases[] = {
		{ "/usr/lib", "/usr", "lib", "/usr/lib" },
		{ "/usr/", "/", "usr", "/usr/" },
		{ "usr", ".", "usr", "usr" },
		{ "/", "/", "/", "/" },
		{ "//", "/", "/", "/" },
		{ ".", ".", ".", "." },
		{ "..", ".", "..", ".." },
		{ "", ".", ".", "" },
		{ "/a//b//", "/a", "b", "/a/b/" },
		{ "a/b", "a", "b", "a/b" },
		{ "///a", "/", "a", "/a" },
		{ "/a/./b/../c", "/a/./b/..", "c", "/a/c" },
		{ "/../a", "/..", "a", "/a" },
		{ "/a/..", "/a", "..", "/a/.." },
		{ "/a/.b", "/a", ".b", "/a/.b" },
		{ "/a/b/../../c", "/a/b/../..", "c", "/c" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(str(DIF_SUBR_DIRNAME, "s", cases[i].path), cases[i].dir);
		assert_string_equal(str(DIF_SUBR_BASENAME, "k", cases[i].path), cases[i].base);
		assert_string_equal(str(DIF_SUBR_CLEANPATH, "k", cases[i].path), cases[i].clean);
	}
}

static void numbers_to_strings(void **state)
{
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "i", I(0)), "0");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "i", I(-42)), "-42");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "i", 1ull << 63), "-9223372036854775808");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "ii", I(255), I(16)), "0xff");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "ii", I(0), I(16)), "0x0");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "ii", I(8), I(8)), "010");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "ii", I(0), I(8)), "0");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "ii", I(35), I(36)), "z");
	assert_string_equal(str(DIF_SUBR_LLTOSTR, "ii", I(-1), I(16)), "0xffffffffffffffff");
	assert_int_equal(strlen(str(DIF_SUBR_LLTOSTR, "ii", I(1ull << 62), I(2))), 63);
	str(DIF_SUBR_LLTOSTR, "ii", I(1), I(1));
	expect_fault(DTRACEFLT_ILLOP);
	str(DIF_SUBR_LLTOSTR, "ii", I(1), I(37));
	expect_fault(DTRACEFLT_ILLOP);
}

static void strings_to_numbers(void **state)
{
	assert_int_equal(num(DIF_SUBR_STRTOLL, "s", "123x"), 123);
	assert_int_equal(num(DIF_SUBR_STRTOLL, "s", "  -9"), I(-9));
	assert_int_equal(num(DIF_SUBR_STRTOLL, "s", ""), 0);
	assert_int_equal(num(DIF_SUBR_STRTOLL, "s", "+"), 0);
	assert_int_equal(num(DIF_SUBR_STRTOLL, "si", "0xfF", I(16)), 255);
	assert_int_equal(num(DIF_SUBR_STRTOLL, "si", "zz", I(36)), 35 * 36 + 35);
	num(DIF_SUBR_STRTOLL, "si", "1", I(0));
	expect_fault(DTRACEFLT_ILLOP);
}

static void cases_and_bytes(void **state)
{
	assert_string_equal(str(DIF_SUBR_TOUPPER, "k", "aBz{1"), "ABZ{1");
	assert_string_equal(str(DIF_SUBR_TOLOWER, "s", "AbZ[1"), "abz[1");
	assert_int_equal(num(DIF_SUBR_HTONS, "i", I(0x11223344)), 0x4433);
	assert_int_equal(num(DIF_SUBR_NTOHL, "i", I(0x11223344)), 0x44332211);
	assert_int_equal(num(DIF_SUBR_HTONLL, "i", 0x1122334455667788ull), 0x8877665544332211ull);
	assert_int_equal(num(DIF_SUBR_GETMAJOR, "i", I(8 << 20 | 17)), 8);
	assert_int_equal(num(DIF_SUBR_GETMINOR, "i", I(8 << 20 | 17)), 17);
	assert_int_not_equal(num(DIF_SUBR_RAND, ""), num(DIF_SUBR_RAND, ""));
}

static void user_memory(void **state)
{
	const u64 addr = (uintptr_t)user;

	memset(user, 'u', sizeof(user));
	strcpy(user, "from user");
	assert_string_equal(str(DIF_SUBR_COPYINSTR, "i", addr), "from user");
	assert_string_equal(str(DIF_SUBR_COPYINSTR, "ii", addr, I(4)), "from");
	assert_string_equal(str(DIF_SUBR_COPYINSTR, "ii", addr, I(0)), "");
	assert_string_equal(str(DIF_SUBR_COPYIN, "ii", addr, I(10)), "from user");
	assert_int_equal(strlen(str(DIF_SUBR_COPYINSTR, "i", addr + 20)), 63);
	str(DIF_SUBR_COPYINSTR, "i", addr + 100);	/* no NUL before the end of memory */
	expect_fault(DTRACEFLT_BADADDR);
	str(DIF_SUBR_COPYINSTR, "i", (uintptr_t)mem);
	expect_fault(DTRACEFLT_BADADDR);
	num(DIF_SUBR_COPYIN, "ii", addr, I(129));
	expect_fault(DTRACEFLT_BADADDR);
	num(DIF_SUBR_COPYIN, "ii", addr, I(U64_MAX));
	expect_fault(DTRACEFLT_NOSCRATCH);
	num(DIF_SUBR_COPYINTO, "iii", addr, I(8), (u64)(uintptr_t)mem);
	expect_fault(DTRACEFLT_BADADDR);
	num(DIF_SUBR_BCOPY, "iii", (u64)(uintptr_t)mem, (u64)(uintptr_t)mem, I(8));
	expect_fault(DTRACEFLT_BADADDR);
	num(DIF_SUBR_ALLOCA, "i", I(DTK_SCRATCH + 1));
	expect_fault(DTRACEFLT_NOSCRATCH);
}

/* p = alloca(16); copyinto(user, 8, p) or bcopy(kernel, p, 8); *p */
static void into_scratch(void **state)
{
	u32 i;

	memcpy(user, "ABCDEFGH", 8);
	memcpy(mem, "ABCDEFGH", 8);
	for (i = 0; i < 2; i++) {
		struct img *m = img_new();
		struct rig *r;

		img_difo(m);
		img_setx(m, 16, 2);
		img_op(m, R(PUSHTV, 2, 0, 0));
		img_op(m, W(CALL, DIF_SUBR_ALLOCA, 3));
		img_op(m, R(FLUSHTS, 0, 0, 0));
		img_setx(m, i ? (uintptr_t)mem : (uintptr_t)user, 4);
		img_setx(m, 8, 5);
		img_op(m, R(PUSHTV, 4, 0, 0));
		img_op(m, i ? R(PUSHTV, 3, 0, 0) : R(PUSHTV, 5, 0, 0));
		img_op(m, i ? R(PUSHTV, 5, 0, 0) : R(PUSHTV, 3, 0, 0));
		img_op(m, W(CALL, i ? DIF_SUBR_BCOPY : DIF_SUBR_COPYINTO, 0));
		img_op(m, R(LDX, 3, 0, 1));
		img_op(m, RET(1));
		img_act(m, DTRACEACT_DIFEXPR, img_end(m, t_u64));
		img_clause(m, DTRACE_DIFO_NONE, 1);
		r = rig_new(m);
		rig_fire(r);
		assert_memory_equal(rig_field(r, 0, 0), "ABCDEFGH", 8);
		rig_free(r);
	}
}

/* One trace(strtok(first, sep)), then trace(strtok(NULL, sep)) @n times. */
static struct rig *tokens(const char *s, const char *sep, u32 n)
{
	struct img *m = img_new();
	struct rig *r;
	u32 i;

	for (i = 0; i <= n; i++) {
		img_difo(m);
		if (i)
			img_op(m, R(MOV, 0, 0, 2));
		else
			img_sets(m, s, 2);
		img_op(m, R(PUSHTV, 2, 0, 0));
		img_sets(m, sep, 2);
		img_op(m, R(PUSHTR, 2, 0, DIF_TYPE_STRING));
		img_op(m, W(CALL, DIF_SUBR_STRTOK, 1));
		img_op(m, RET(1));
		/* The last one is no string: record its address. */
		img_act(m, DTRACEACT_DIFEXPR, img_end(m, i == n ? t_u64 : t_str));
	}
	img_clause(m, DTRACE_DIFO_NONE, n + 1);
	r = rig_new(m);
	rig_fire(r);
	return r;
}

static void strtok_walks(void **state)
{
	struct rig *r = tokens("//usr/lib//x", "/", 3);

	assert_string_equal(rig_field(r, 0, 0), "usr");
	assert_string_equal(rig_field(r, 0, 1), "lib");
	assert_string_equal(rig_field(r, 0, 2), "x");
	assert_int_equal(rig_u64(r, 0, 3), 0);
	rig_free(r);
	r = tokens("a,b;", ",;", 2);
	assert_string_equal(rig_field(r, 0, 0), "a");
	assert_string_equal(rig_field(r, 0, 1), "b");
	assert_int_equal(rig_u64(r, 0, 2), 0);
	rig_free(r);
	r = tokens(";;", ";", 0);
	assert_int_equal(rig_u64(r, 0, 0), 0);
	rig_free(r);
}

static void nuls_in_memory(void **state)
{
	memset(mem, 'x', sizeof(mem));
	memcpy(mem, "a\0bc\0\0d", 8);
	assert_string_equal(str(DIF_SUBR_MEMSTR, "iii", (u64)(uintptr_t)mem, I(' '), I(8)), "a bc  d");
	assert_string_equal(str(DIF_SUBR_MEMSTR, "iii", (u64)(uintptr_t)mem, I(','), I(5)), "a,bc");
	assert_string_equal(str(DIF_SUBR_MEMSTR, "iii", (u64)(uintptr_t)mem, I(' '), I(1)), "");
	assert_string_equal(str(DIF_SUBR_MEMSTR, "iii", I(8), I(' '), I(0)), "");
	str(DIF_SUBR_MEMSTR, "iii", I(8), I(' '), I(4));
	expect_fault(DTRACEFLT_BADADDR);
	/* no longer than a string is, whatever is asked for */
	assert_int_equal(strlen(str(DIF_SUBR_MEMSTR, "iii", (u64)(uintptr_t)mem, I(' '), (u64)sizeof(mem))), 63);
	str(DIF_SUBR_MEMSTR, "iii", I(8), I(' '), I(-1));
	expect_fault(DTRACEFLT_BADADDR);
}

static void network_addresses(void **state)
{
	static const char *const six[] = {
		"::", "::1", "1::", "2001:db8::1:0:0:1", "fe80::1:2:3:4", "::ffff:1.2.3.4",
		"1:2:3:4:5:6:7:8", "1:0:2:3:4:5:6:7", "0:1::", "::1.2.3.4", "a::b:0:0:c",
		"1:2:3:4:5:6::", "64:ff9b::102:304",
	};
	char want[INET6_ADDRSTRLEN];
	u32 i;

	memcpy(mem, "\xc0\xa8\x00\x01", 4);
	assert_string_equal(str(DIF_SUBR_INET_NTOA, "i", (u64)(uintptr_t)mem), "192.168.0.1");
	assert_string_equal(str(DIF_SUBR_INET_NTOP, "ii", I(AF_INET), (u64)(uintptr_t)mem),
			    "192.168.0.1");
	for (i = 0; i < ARRAY_SIZE(six); i++) {
		assert_int_equal(inet_pton(AF_INET6, six[i], mem), 1);
		inet_ntop(AF_INET6, mem, want, sizeof(want));
		assert_string_equal(str(DIF_SUBR_INET_NTOA6, "i", (u64)(uintptr_t)mem), want);
	}
	memcpy(mem, "\x00\x10\xe0\x8a\x71\x5e\xff\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13", 20);
	assert_string_equal(str(DIF_SUBR_LINK_NTOP, "ii", I(1), (u64)(uintptr_t)mem), "00:10:e0:8a:71:5e");
	assert_string_equal(str(DIF_SUBR_LINK_NTOP, "ii", I(32), (u64)(uintptr_t)mem),
			    "00:10:e0:8a:71:5e:ff:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13");
	str(DIF_SUBR_LINK_NTOP, "ii", I(-1), (u64)(uintptr_t)mem);
	expect_fault(DTRACEFLT_ILLOP);
	str(DIF_SUBR_LINK_NTOP, "ii", I(1), I(8));
	expect_fault(DTRACEFLT_BADADDR);
	str(DIF_SUBR_INET_NTOP, "ii", I(99), (u64)(uintptr_t)mem);
	expect_fault(DTRACEFLT_ILLOP);
	str(DIF_SUBR_INET_NTOA, "i", I(8));
	expect_fault(DTRACEFLT_BADADDR);
}

static void json_values(void **state)
{
	static const char text[] = " { \"a\" : [ 1, {\"b\": \"x\\\"]}\", \"n\": -2.5e+3 }, [], \"\" ], "
				   "\"o\":{\"k\":null},\"a.b\":true}";

	/* strsize is 64: the text is longer, and cut; this one fits */
	assert_string_equal(str(DIF_SUBR_JSON, "ss", "{\"a\":[1,{\"b\":\"x\\\"]}\"},[]],\"o\":{\"k\":null}}", "a[1].b"),
			    "x\\\"]}");
	assert_string_equal(str(DIF_SUBR_JSON, "ss", "{\"a\":[1,{\"b\":2},[]],\"o\":{\"k\":null}}", "o"),
			    "{\"k\":null}");
	assert_string_equal(str(DIF_SUBR_JSON, "ks", " { \"a\" : [ 7 , -2.5e+3 ] }", "a[1]"), "-2.5e+3");
	assert_string_equal(str(DIF_SUBR_JSON, "ks", "[[1,2],[3,4]]", "[1][0]"), "3");
	assert_string_equal(str(DIF_SUBR_JSON, "ks", "{\"a\":{\"b\":{}}}", "a.b"), "{}");
	assert_int_equal(num(DIF_SUBR_JSON, "ss", text, "o.k"), 0);
}

/* NULL, and nothing read beyond the text (ASan), for each text cut anywhere and each odd path. */
static void json_nothing(void **state)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"x\\\"\"},[]],\"o\":{\"k\":-1}}";
	static const char *const paths[] = {
		"", ".", "..", "[", "[]", "[0", "[x]", "a[", "a[]", "a[9]", "a[99999999999999999999]", "a.b", "b",
		"o.k.z", "o[0]", "a[1]b", "a[1].c", "a..b", "[0]",
	};
	char cut[sizeof(text)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(num(DIF_SUBR_JSON, "ss", text, paths[i]), 0);
	for (i = 0; i < sizeof(text) - 1; i++) {
		memcpy(cut, text, i);
		cut[i] = '\0';
		num(DIF_SUBR_JSON, "ss", cut, "o.k");
		num(DIF_SUBR_JSON, "ks", cut, "o");
		num(DIF_SUBR_JSON, "ks", cut, "a[2]");
	}
	assert_int_equal(rig_error.arg[4], 0);
}

static void writing_out(void **state)
{
	memset(user, '.', sizeof(user));
	strcpy(mem, "hello, kernel");
	destructive = true;
	num(DIF_SUBR_COPYOUT, "iii", (u64)(uintptr_t)mem, (u64)(uintptr_t)user, I(5));
	assert_memory_equal(user, "hello.", 6);
	num(DIF_SUBR_COPYOUTSTR, "si", "ab", (u64)(uintptr_t)user);
	assert_memory_equal(user, "ab\0lo.", 6);
	num(DIF_SUBR_COPYOUTSTR, "sii", "xyz", (u64)(uintptr_t)user, I(2));
	assert_memory_equal(user, "xy\0lo.", 6);
	assert_int_equal(rig_error.arg[4], 0);
	num(DIF_SUBR_COPYOUT, "iii", (u64)(uintptr_t)mem, (u64)(uintptr_t)user + sizeof(user) - 4, I(5));
	expect_fault(DTRACEFLT_BADADDR);
	num(DIF_SUBR_COPYOUT, "iii", (u64)(uintptr_t)mem, (u64)(uintptr_t)mem + 64, I(5));
	expect_fault(DTRACEFLT_BADADDR);
	num(DIF_SUBR_COPYOUT, "iii", (u64)(uintptr_t)mem, (u64)(uintptr_t)user, I(-1));
	expect_fault(DTRACEFLT_BADSIZE);
	num(DIF_SUBR_COPYOUTSTR, "si", "ab", I(8));
	expect_fault(DTRACEFLT_BADADDR);
	destructive = false;
}

static void questions(void **state)
{
	assert_int_equal(num(DIF_SUBR_PROGENYOF, "i", I(1000)), 1000 + DIF_SUBR_PROGENYOF);
	num(DIF_SUBR_MUTEX_OWNER, "i", I(-1));
	expect_fault(DTRACEFLT_BADADDR);
	assert_string_equal(str(DIF_SUBR_D_PATH, "i", I(0xabc)), "/path/abc");
	str(DIF_SUBR_D_PATH, "i", I(0));
	expect_fault(DTRACEFLT_BADADDR);
	assert_int_equal(num(DIF_SUBR_SPECULATION, ""), 1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(lengths), test(joins), test(searches), test(indexes), test(substrings),
		test(paths), test(numbers_to_strings), test(strings_to_numbers),
		test(cases_and_bytes), test(user_memory), test(into_scratch), test(strtok_walks),
		test(nuls_in_memory), test(network_addresses), test(json_values), test(json_nothing), test(writing_out),
		test(questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
