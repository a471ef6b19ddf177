// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the way from what was recorded to text: printf, printa, print, trace,
 * aggregations and structured output, of any values, types and formats.
 *
 * Input: three bytes choose options; then D text up to \2, run on the kernel of
 * test_kernel.h; then, up to \3, memory that arg0 leads to; the rest are pairs of
 * bytes that damage what the kernel recorded, which the consumer must survive. What is
 * written as JSON must be JSON. Or, with the first byte 255, a format up to \2 is
 * given to dtrace_fprintf() with records as the rest says, as a program of the classic library might.
 *
 * With libFuzzer: "make fuzzers". Without, main() feeds it the corpus, and seeds of
 * which words and conversions are changed. Text that might reach out of this process is not run.
 */
#include <ctype.h>
#include <netdb.h>

#include "test_kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long ran;

/* ---- Is it JSON? ----------------------------------------------------------------------- */

static const char *json_value(const char *p, int depth);

static const char *json_space(const char *p)
{
	return p + strspn(p, " \t\n\r");
}

/* What UTF-8 sequence begins here is long: 0 if none does. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 :
		   *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static const char *json_string(const char *p)
{
	size_t n;

	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		n = utf8_length((const unsigned char *)p);
		if (*p == '\\')
			n = p[1] == 'u' ? 6 : strchr("\"\\/bfnrt", p[1]) && p[1] ? 2 : 0;
		if (!n)
			return NULL;
		p += n;
	}
	return p + 1;
}

/* The members of an object or the elements of an array, to the bracket that ends it. */
static const char *json_list(const char *p, int depth, char end)
{
	p = json_space(p + 1);
	if (*p == end)
		return p + 1;
	for (;;) {
		if (end == '}') {
			p = json_string(json_space(p));
			p = p ? json_space(p) : NULL;
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p, depth + 1);
		p = p ? json_space(p) : NULL;
		if (!p || (*p != ',' && *p != end))
			return NULL;
		if (*p++ == end)
			return p;
	}
}

static const char *json_value(const char *p, int depth)
{
	size_t n;

	p = json_space(p);
	if (*p == '{' || *p == '[')
		return depth < 1000 ? json_list(p, depth, *p == '{' ? '}' : ']') : NULL;
	if (*p == '"')
		return json_string(p);
	n = strspn(p, "-+.0123456789eE");
	if (!n)
		n = !strncmp(p, "true", 4) || !strncmp(p, "null", 4) ? 4 : !strncmp(p, "false", 5) ? 5 : 0;
	return n ? p + n : NULL;
}

static void check_json(const char *text)
{
	const char *end = json_value(text, 0);

	if (end && !*json_space(end))
		return;
	fprintf(stderr, "fuzz_format: this is no JSON:\n%s\n", text);
	abort();
}

/* In the C library's place: "%I" asks no name server. */
int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t n, char *serv, socklen_t nserv,
		int flags)
{
	snprintf(host, n, "host");
	return len % 3 ? 0 : EAI_NONAME;
}

/* The rig's own handlers would write among the JSON. */
static int hear_drop(const dtrace_dropdata_t *d, void *arg)
{
	return *d->dtdda_msg ? DTRACE_HANDLE_OK : DTRACE_HANDLE_ABORT;
}

static int hear_error(const dtrace_errdata_t *e, void *arg)
{
	return *e->dteda_msg ? DTRACE_HANDLE_OK : DTRACE_HANDLE_ABORT;
}

/* ---- Programs ------------------------------------------------------------------------------ */

/* Commands, files, other processes, the preprocessor, options that are paths: not from here. */
static bool reaches_out(const char *text)
{
	static const char *const words[] = {
		"option", "setopt", "system", "freopen", "ftruncate", "depends_on",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strstr(text, words[i]))
			return true;
	}
	for (text = strstr(text, "pid"); text; text = strstr(text + 1, "pid")) {
		if (isdigit((unsigned char)text[3]) || strchr("$*?[!", text[3]) || text[3] == ':')
			return true;
	}
	return false;
}

static void set_options(struct tk *k, const uint8_t *how)
{
	static const char *const formats[] = {
		NULL, NULL, "json", "xml", "json,pretty", NULL, "json", "xml,pretty",
	};
	static const struct { const char *name, *value; } switches[] = {
		{ "quiet", NULL }, { "flowindent", NULL }, { "rawbytes", NULL }, { "aggsortrev", NULL },
		{ "aggsortkey", NULL }, { "agghist", NULL }, { "aggpack", NULL }, { "aggzoom", NULL },
		{ "encoding", "ascii" }, { "aggsortpos", "1" }, { "aggsortkeypos", "1" }, { "stackindent", "3" },
		{ "aggpercpu", NULL },
	};
	uint32_t bits = how[1] | how[2] << 8;

	dtrace_setopt(k->dtp, "nolibs", NULL);
	dtrace_setopt(k->dtp, "strsize", how[0] & 8 ? "16" : "100");
	if (how[0] & 16)
		dtrace_setopt(k->dtp, "printsize", "9");
	if (formats[how[0] & 7])
		dtrace_setopt(k->dtp, "oformat", formats[how[0] & 7]);
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if (bits & 1u << i)
			dtrace_setopt(k->dtp, switches[i].name, switches[i].value);
	}
}

/* Change bytes of what CPU 0 has recorded and not handed out. */
static void damage(struct tk *k, const uint8_t *p, size_t n)
{
	u8 *half = k->buf[0].half[k->buf[0].active];

	for (; n > 1; p += 2, n -= 2) {
		size_t at = p[0] * 4u + p[1] % 4;

		if (at < k->buf[0].used)
			half[at] ^= p[1] | 1;
		at = (p[0] * 2u + p[1] % 2);
		if (p[1] & 64 && at < 512)
			k->agghalf[0][0][at] ^= p[1] >> 2;
	}
}

static void fire_all(struct tk *k, const void *mem, size_t n)
{
	tk_fire(k, 0, "f:entry", (uintptr_t)mem, n);
	tk_fire(k, 1, "f:entry", (uintptr_t)mem, n);
	tk_fire(k, 0, "f:return", (uintptr_t)mem, n);
	tk_fire(k, 0, ":tick", (uintptr_t)mem, n);
}

static void run_program(struct tk *k, const char *text, const void *mem, size_t n, const uint8_t *harm,
			size_t nharm)
{
	dtrace_prog_t *p = dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NONE, 0, 0, NULL);

	if (!p || dtrace_program_exec(k->dtp, p, NULL) || dtrace_go(k->dtp)) {
		assert_true(*dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
		return;
	}
	ran++;
	fire_all(k, mem, n);
	damage(k, harm, nharm);
	tk_work(k);
	fire_all(k, mem, n);
	dtrace_stop(k->dtp);
	tk_work(k);
	dtrace_aggregate_snap(k->dtp);
	dtrace_aggregate_print(k->dtp, k->fp, NULL);
	dtrace_oformat_teardown(k->dtp, k->fp);
}

static bool is_json(const uint8_t *how)
{
	return (how[0] & 7) == 2 || (how[0] & 7) == 4 || (how[0] & 7) == 6;
}

static void fuzz_program(const uint8_t *how, const uint8_t *text, size_t n, const uint8_t *rest, size_t nrest)
{
	const uint8_t *cut = nrest ? memchr(rest, 3, nrest) : NULL;
	size_t nmem = cut ? (size_t)(cut - rest) : nrest, nharm = cut ? nrest - nmem - 1 : 0;
	char *string = strndup((const char *)text, n);
	void *mem = malloc(nmem + 1);
	unsigned long before = ran;
	struct tk *k;

	memcpy(mem, rest, nmem);
	((char *)mem)[nmem] = 0;
	if (!reaches_out(string)) {
		k = tk_new();
		dtk_port_map(mem, nmem + 1);
		dtrace_handle_drop(k->dtp, hear_drop, NULL);
		dtrace_handle_err(k->dtp, hear_error, NULL);
		set_options(k, how);
		run_program(k, string, mem, nmem, cut ? cut + 1 : NULL, nharm);
		fputc(0, k->fp);
		fflush(k->fp);
		if (is_json(how) && ran != before)
			check_json(k->out);
		tk_free(k);
	}
	free(mem);
	free(string);
}

/* ---- A caller's format --------------------------------------------------------------------------- */

#define RECORDS 6

static void fuzz_printf(const uint8_t *text, size_t n, const uint8_t *rest, size_t nrest)
{
	static const uint16_t kinds[] = {
		DTRACEACT_DIFEXPR, DTRACEACT_STACK, DTRACEACT_USTACK, DTRACEACT_USYM, DTRACEACT_SYM,
		DTRACEACT_MOD, DTRACEACT_UADDR, DTRACEACT_TRACEMEM, DTRACEACT_PRINTF,
	};
	dtrace_recdesc_t recs[RECORDS] = { { 0 } };
	char *string = strndup((const char *)text, n);
	struct tk *k = tk_new();
	void *format = dtrace_printf_create(k->dtp, string);
	uint_t nrecs = 0;

	for (; format && nrecs < RECORDS && nrest > 3; nrecs++, rest += 4, nrest -= 4) {
		recs[nrecs] = (dtrace_recdesc_t){
			.dtrd_action = kinds[rest[0] % ARRAY_SIZE(kinds)], .dtrd_size = rest[1] % 80,
			.dtrd_offset = rest[2], .dtrd_arg = rest[3],
		};
	}
	if (format) {
		void *mem = malloc(nrest);

		ran++;
		memcpy(mem, rest, nrest);
		dtrace_fprintf(k->dtp, k->fp, format, NULL, recs, nrecs, mem, nrest);
		free(mem);
	}
	tk_free(k);
	free(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *text = data + 3, *cut;
	size_t n;

	if (size < 4)
		return 0;
	size -= 3;
	cut = memchr(text, 2, size);
	n = cut ? (size_t)(cut - text) : size;
	if (*data == 255)
		fuzz_printf(text, n, text + n + !!cut, size - n - !!cut);
	else
		fuzz_program(data, text, n, text + n + !!cut, size - n - !!cut);
	return 0;
}

#ifndef FUZZ_GUIDED

#include "../../tests/fuzz/fuzz.h"
#include "../../tests/fuzz/random.h"

static const char *const seeds[] = {
	"BEGIN { printf ( \"%d %5s %-8x|%#o %c %p\\n\" , -1 , \"abc\" , 255 , 8 , 65 , 4096 ) ; trace ( \"x\" ) ; }",
	"f:entry { @a [ arg1 , stringof ( arg0 ) ] = count ( ) ; "
	"@b [ arg1 , stringof ( arg0 ) ] = quantize ( arg1 ) ; printa ( \"%d %10s %@8d %@d\\n\" , @a , @b ) ; } "
	"END { printa ( @b ) ; normalize ( @a , 2 ) ; trunc ( @a , 1 ) ; }",
	"struct s { int a ; int f : 3 ; char c [ 6 ] ; struct { short x [ 2 ] ; } ; double d ; void * p ; "
	"struct s * n ; } ; f:entry { print ( * ( struct s * ) arg0 ) ; tracemem ( arg0 , 20 ) ; "
	"printm ( 3 , arg0 ) ; trace ( * ( int * ) arg0 ) ; }",
	"f:entry { @ [ ustack ( 3 ) , execname ] = lquantize ( arg1 , 0 , 10 , 2 ) ; "
	"@x = llquantize ( arg1 , 10 , 0 , 3 , 10 ) ; @y [ stack ( 2 ) ] = avg ( arg1 ) ; @z = stddev ( arg1 ) ; "
	"stack ( ) ; ustack ( 2 , 10 ) ; usym ( arg0 ) ; sym ( arg0 ) ; }",
	"enum e { A , B = 3 } ; f:entry { print ( ( enum e ) arg1 ) ; printf ( \"%Y %T %a %*.*s %wc %ws %e\" , "
	"walltimestamp , timestamp , arg0 , 5 , 2 , \"abc\" , 'x' , \"y\" , arg1 ) ; "
	"@ [ stack ( 2 ) , arg1 , ustack ( 2 ) ] = sum ( arg1 ) ; printa ( \"%k %5d %k %@d %@x\" , @ ) ; }",
	"f:entry { trace ( * ( int * ) 3 ) ; } ERROR { printf ( \"%d\" , arg4 ) ; } "
	"tick { @ [ probename ] = max ( arg1 ) ; clear ( @ ) ; }",
};
#define NSEEDS ARRAY_SIZE(seeds)

static const char conversions[] = "diouxXcspeEfgGaAYTkSCP@*#0-+ '.5hlwL%";

/* A caller's format and records. */
static size_t make_printf(uint8_t *p)
{
	size_t n = 3, len;

	p[0] = p[1] = p[2] = 255;
	for (len = 1 + rnd(6); len; len--) {
		p[n++] = '%';
		while (!rnd(3))
			p[n++] = (uint8_t)conversions[rnd(sizeof(conversions) - 1)];
		p[n++] = (uint8_t)conversions[rnd(16)];
	}
	p[n++] = 2;
	for (len = rnd(RECORDS); len; len--) {
		p[n++] = (uint8_t)rnd(256);
		p[n++] = (uint8_t)(rnd(3) ? 1u << rnd(6) : rnd(80));
		p[n++] = (uint8_t)(8 * rnd(4));
		p[n++] = (uint8_t)rnd(8);
	}
	for (len = 4 * rnd(30); len; len--)
		p[n++] = (uint8_t)rnd(256);
	return n;
}

/* A seed with some of its words left out or taken from another; options, memory and damage at random. */
static size_t make_input(uint8_t *p)
{
	const char *s = seeds[rnd(NSEEDS)], *w, *other;
	size_t n = 3, len;

	for (int i = 0; i < 3; i++)
		p[i] = (uint8_t)(rnd(255) & (i ? rnd(256) : 255));
	for (; *s; s += len + (s[len] == ' ')) {
		len = strcspn(s, " ");
		w = s;
		if (!rnd(120)) {
			other = seeds[rnd(NSEEDS)];
			for (w = other + rnd((uint32_t)strlen(other)); w > other && w[-1] != ' '; w--)
				;
		}
		for (; *w && *w != ' '; w++) {
			p[n++] = (uint8_t)*w;
			if (*w == '%' && !rnd(6))
				p[n++] = (uint8_t)conversions[rnd(sizeof(conversions) - 1)];
		}
		p[n++] = ' ';
	}
	p[n++] = 2;
	for (len = rnd(80); len; len--)
		p[n++] = (uint8_t)(4 + rnd(252));
	p[n++] = 3;
	for (len = rnd(4) ? 0 : 2 * rnd(8); len; len--)
		p[n++] = (uint8_t)rnd(256);
	return n;
}

static void feed(const void *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 1500, i;
	uint8_t input[8192], *exact;
	size_t len;

	fuzz_folder("tests/fuzz/format", feed);
	for (i = 0; i < n; i++) {
		len = rnd(5) ? make_input(input) : make_printf(input);
		exact = malloc(len);
		memcpy(exact, input, len);
		LLVMFuzzerTestOneInput(exact, len);
		free(exact);
	}
	printf("fuzz_format: %lu of %lu programs ran\n", ran, n + fuzz_files);
	return ran < n / 10;
}

#endif
