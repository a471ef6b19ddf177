// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where a probe's arguments are. A note describes them as the compiler put them
 * into the assembler's text, separated by blanks:
 *
 *	[-]SIZE[f]@OPERAND		SIZE 1, 2, 4, 8 bytes; "-" signed, "f" floating
 *
 *	%reg				%rax, %r9d, %ah ...
 *	$value				a constant
 *	[%fs:]disp(%base,%index,scale)	memory, with any of these left out
 *
 * value and disp are sums of numbers and at most one symbol; "symbol(%rip)" is the symbol's memory.
 * A value of fewer than 8 bytes is extended by its sign. A register that
 * is narrower than SIZE gives what it has.
 *
 * What cannot be had is told and reads as 0: values in vector registers, symbols that
 * the file does not name (stripped) or names twice, addresses out of a GOT.
 * A number without "$" is refused, too: for some assemblers it is a constant,
 * for this one memory at that address.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "usdt.h"

struct reg {
	uint8_t num, size, shift;
};

/* A sum, or an operand's displacement. */
struct sum {
	int64_t value;
	bool any, symbol;		/* something was there; a name was among it */
};

struct memory {
	struct sum disp;
	struct reg base, index;
	bool has_base, has_index, segment;	/* segment: of %fs */
	uint8_t scale;			/* a shift */
};

struct parser {
	const char *p;			/* what is left of this argument's operand */
	const struct dt_argnames *names;
	struct dt_argspecs *out;
	struct dt_argspec *arg;
	unsigned size;			/* | DTRACE_STEP_SIGNED */
	bool is_float;
};

static bool refuse(struct parser *ps, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct parser *ps, const char *fmt, ...)
{
	va_list ap;

	if (ps->arg->why[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(ps->arg->why, sizeof(ps->arg->why), fmt, ap);
	va_end(ap);
	for (char *c = ps->arg->why; *c; c++)	/* it goes to somebody's terminal */
		if (*c < ' ' || *c > '~')
			*c = '?';
	return false;
}

/* ---- Registers -------------------------------------------------------------------- */

static bool general_register(const char *s, struct reg *r)
{
	static const char *const names[][4] = {
		{ "rax", "eax", "ax", "al" }, { "rcx", "ecx", "cx", "cl" }, { "rdx", "edx", "dx", "dl" },
		{ "rbx", "ebx", "bx", "bl" }, { "rsp", "esp", "sp", "spl" }, { "rbp", "ebp", "bp", "bpl" },
		{ "rsi", "esi", "si", "sil" }, { "rdi", "edi", "di", "dil" },
	};
	static const char high[][3] = { "ah", "ch", "dh", "bh" };

	for (uint8_t i = 0; i < 8; i++)
		for (uint8_t k = 0; k < 4; k++)
			if (!strcmp(s, names[i][k])) {
				*r = (struct reg){ i, (uint8_t)(8 >> k), 0 };
				return true;
			}
	for (uint8_t i = 0; i < 4; i++)
		if (!strcmp(s, high[i])) {
			*r = (struct reg){ i, 1, 8 };
			return true;
		}
	return false;
}

/* r8 .. r15, and their parts with d, w, b (or, as some write, l). */
static bool numbered_register(const char *s, struct reg *r)
{
	char *end;
	long n;

	if (s[0] != 'r' || !isdigit((unsigned char)s[1]))
		return false;
	n = strtol(s + 1, &end, 10);
	if (n < 8 || n > 15)
		return false;
	*r = (struct reg){ (uint8_t)n, 8, 0 };
	if (!*end)
		return true;
	r->size = *end == 'd' ? 4 : *end == 'w' ? 2 : *end == 'b' || *end == 'l' ? 1 : 0;
	return r->size && !end[1];
}

/* "%name" at ps->p. */
static bool take_register(struct parser *ps, struct reg *r)
{
	char name[16];
	size_t n = 0;

	if (*ps->p != '%')
		return refuse(ps, "a register is missing in \"%.32s\"", ps->p);
	while (isalnum((unsigned char)ps->p[1 + n]) && n < sizeof(name) - 1) {
		name[n] = (char)tolower((unsigned char)ps->p[1 + n]);
		n++;
	}
	name[n] = 0;
	ps->p += 1 + n;
	if (general_register(name, r) || numbered_register(name, r))
		return true;
	if (!strcmp(name, "rip")) {
		*r = (struct reg){ DTRACE_REG_IP, 8, 0 };
		return true;
	}
	if (strstr(name, "mm") || !strncmp(name, "st", 2))
		return refuse(ps, "it is in %%%s, and vector and floating-point registers are not read", name);
	return refuse(ps, "it is in %%%s, which is not read", name);
}

/* ---- Sums --------------------------------------------------------------------------- */

static bool take_number(struct parser *ps, bool minus, struct sum *s)
{
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(ps->p, &end, 0);
	if (errno)
		return refuse(ps, "the number in \"%.32s\" is too large", ps->p);
	ps->p = end;
	s->value = (int64_t)((uint64_t)s->value + (minus ? -v : v));
	return true;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static bool take_name(struct parser *ps, bool minus, struct sum *s)
{
	enum dt_name_kind kind = DT_NAME_ADDR;
	size_t n = 0, k = 0;
	char name[256], how[16];
	int64_t v;

	while (is_name_char(ps->p[n]))
		n++;
	if (!n)
		return refuse(ps, "\"%.32s\" is not an operand", ps->p);
	if (n >= sizeof(name))
		return refuse(ps, "a name is too long");
	memcpy(name, ps->p, n);
	name[n] = 0;
	ps->p += n;
	if (*ps->p == '@') {
		ps->p++;
		while (isalnum((unsigned char)ps->p[k]) && k < sizeof(how) - 1) {
			how[k] = ps->p[k];
			k++;
		}
		how[k] = 0;
		ps->p += k;
		if (strcasecmp(how, "tpoff"))
			return refuse(ps, "the address is behind %.32s@%s", name, how);
		kind = DT_NAME_TPOFF;
	}
	if (minus || s->symbol)
		return refuse(ps, "%.48s is subtracted or added to another name", name);
	if (!ps->names || !ps->names->value(ps->names->ctx, name, kind, &v))
		return refuse(ps, "the file does not say (or says twice) where %.40s is", name);
	s->value = (int64_t)((uint64_t)s->value + (uint64_t)v);
	s->symbol = true;
	return true;
}

/* Up to what is neither number nor name. Nothing at all is a sum, too. */
static bool take_sum(struct parser *ps, struct sum *s)
{
	bool minus;

	*s = (struct sum){ 0 };
	while (*ps->p && *ps->p != '(') {
		minus = *ps->p == '-';
		if (*ps->p == '-' || *ps->p == '+')
			ps->p++;
		else if (s->any)
			return refuse(ps, "\"%.32s\" is not understood", ps->p);
		if (!(isdigit((unsigned char)*ps->p) ? take_number(ps, minus, s) : take_name(ps, minus, s)))
			return false;
		s->any = true;
	}
	return true;
}

/* ---- Operands ------------------------------------------------------------------------ */

static bool take_scale(struct parser *ps, uint8_t *shift)
{
	static const char scales[] = "1248";
	const char *s = *ps->p ? strchr(scales, *ps->p) : NULL;

	if (!s)
		return refuse(ps, "a scale is 1, 2, 4 or 8, not \"%.8s\"", ps->p);
	*shift = (uint8_t)(s - scales);
	ps->p++;
	return true;
}

static void skip_blanks(struct parser *ps)
{
	ps->p += strspn(ps->p, " \t");
}

/* Either register of an address. With 4 bytes it is x32's or a mistake, but means what it says. */
static bool address_register(struct parser *ps, struct reg *r)
{
	skip_blanks(ps);
	if (!take_register(ps, r))
		return false;
	skip_blanks(ps);
	return r->size >= 4 ? true : refuse(ps, "an address is not in a part of a register");
}

/* "(%base,%index,scale)" */
static bool take_registers(struct parser *ps, struct memory *m)
{
	ps->p++;
	skip_blanks(ps);
	if (*ps->p != ',') {
		if (!address_register(ps, &m->base))
			return false;
		m->has_base = true;
	}
	if (*ps->p == ',') {
		ps->p++;
		if (!address_register(ps, &m->index))
			return false;
		m->has_index = true;
		if (*ps->p == ',') {
			ps->p++;
			skip_blanks(ps);
			if (!take_scale(ps, &m->scale))
				return false;
			skip_blanks(ps);
		}
	}
	if (*ps->p != ')')
		return refuse(ps, "\"%.32s\" is not understood", ps->p);
	ps->p++;
	return true;
}

static bool take_segment(struct parser *ps, struct memory *m)
{
	if (*ps->p != '%' || !ps->p[1] || ps->p[2] != 's' || ps->p[3] != ':')
		return true;
	if (ps->p[1] == 'g')	/* nothing of user space has it */
		return refuse(ps, "it is in the segment of %%gs");
	m->segment = ps->p[1] == 'f';
	ps->p += 4;
	return true;
}

static bool take_memory(struct parser *ps, struct memory *m)
{
	if (!take_segment(ps, m) || !take_sum(ps, &m->disp))
		return false;
	if (*ps->p == '(' && !take_registers(ps, m))
		return false;
	if (*ps->p)
		return refuse(ps, "\"%.32s\" is not understood", ps->p);
	if (m->has_base && m->base.num == DTRACE_REG_IP) {
		if (!m->disp.symbol || m->has_index)
			return refuse(ps, "an address relative to %%rip without a name means nothing here");
		m->has_base = false;	/* the sum is the address */
	} else if (!m->has_base && !m->has_index && !m->disp.symbol && !m->segment) {
		return refuse(ps, "a number without \"$\" may be a constant or an address");
	}
	return !m->has_index || m->index.num != DTRACE_REG_IP ? true : refuse(ps, "%%rip cannot be an index");
}

/* ---- Recipes ---------------------------------------------------------------------------- */

static void emit(struct parser *ps, struct dtrace_step s)
{
	if (ps->out->nstep < DTRACE_STEP_MAX)
		ps->out->step[ps->out->nstep] = s;
	ps->out->nstep++;	/* one too many is noticed at the end of the argument */
}

static void emit_register(struct parser *ps, uint8_t d, struct reg r, unsigned size)
{
	emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_REG, .d = d, .s = r.num, .size = (uint8_t)size,
				       .imm = r.shift });
}

/* v[0] = the memory's content */
static void emit_load(struct parser *ps, const struct memory *m)
{
	static const struct reg fs = { DTRACE_REG_FSBASE, 8, 0 };

	if (m->has_base)
		emit_register(ps, 0, m->base, m->base.size);
	else
		emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_IMM });
	if (m->has_index) {
		emit_register(ps, 1, m->index, m->index.size);
		emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_ADD, .s = 1, .imm = m->scale });
	}
	if (m->segment) {
		emit_register(ps, 1, fs, 8);
		emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_ADD, .s = 1 });
	}
	emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_LOAD, .size = (uint8_t)ps->size, .imm = m->disp.value });
}

/* A constant as a value of the argument's type. */
static int64_t fit(int64_t v, unsigned size)
{
	unsigned bits = 8 * (size & ~DTRACE_STEP_SIGNED);
	uint64_t u = (uint64_t)v << (64 - bits);

	return size & DTRACE_STEP_SIGNED ? (int64_t)u >> (64 - bits) : (int64_t)(u >> (64 - bits));
}

static bool constant(struct parser *ps)
{
	struct sum s;

	ps->p++;
	if (!take_sum(ps, &s))
		return false;
	if (*ps->p || !s.any)
		return refuse(ps, "\"$%.32s\" is not a constant", ps->p);
	if (ps->is_float)
		return refuse(ps, "it is a floating-point constant");
	emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_IMM, .imm = fit(s.value, ps->size) });
	return true;
}

static bool in_register(struct parser *ps)
{
	unsigned size = ps->size & ~DTRACE_STEP_SIGNED;
	struct reg r;

	if (!take_register(ps, &r))
		return false;
	if (*ps->p)
		return refuse(ps, "\"%.32s\" is not understood", ps->p);
	size = size < r.size ? size : r.size;
	emit_register(ps, 0, r, size | (ps->size & DTRACE_STEP_SIGNED));
	return true;
}

static bool operand(struct parser *ps)
{
	struct memory m = { 0 };

	if (!*ps->p)
		return refuse(ps, "nothing is said of where it is");
	if (*ps->p == '$')
		return constant(ps);
	if (*ps->p == '%' && !strchr(ps->p, ':'))
		return in_register(ps);
	if (!take_memory(ps, &m))
		return false;
	emit_load(ps, &m);
	return true;
}

/* "-4@", "8f@", or nothing: 8 bytes without a sign. */
static bool take_size(struct parser *ps)
{
	bool minus = *ps->p == '-';
	const char *p = ps->p + minus;
	unsigned long n;
	char *end;

	ps->size = 8;
	if (!isdigit((unsigned char)*p))
		return true;
	n = strtoul(p, &end, 10);
	ps->is_float = *end == 'f';
	end += ps->is_float;
	if (*end != '@')
		return true;
	ps->p = end + 1;
	if (n != 1 && n != 2 && n != 4 && n != 8)
		return refuse(ps, "it has %lu bytes: 1, 2, 4 or 8 can be had", n);
	ps->size = (unsigned)n | (minus && !ps->is_float ? DTRACE_STEP_SIGNED : 0);
	return true;
}

static const char *type_name(const struct parser *ps)
{
	switch (ps->size) {
	case 1 | DTRACE_STEP_SIGNED:
		return "int8_t";
	case 2 | DTRACE_STEP_SIGNED:
		return "int16_t";
	case 4 | DTRACE_STEP_SIGNED:
		return "int32_t";
	case 8 | DTRACE_STEP_SIGNED:
		return "int64_t";
	case 1:
		return "uint8_t";
	case 2:
		return "uint16_t";
	case 4:
		return ps->is_float ? "float" : "uint32_t";
	default:
		return ps->is_float ? "double" : "uint64_t";
	}
}

static void parse_one(struct parser *ps, uint32_t i, const char *text)
{
	size_t before = ps->out->nstep;
	bool ok;

	ps->p = text;
	ps->is_float = false;
	ps->arg = &ps->out->arg[i];
	ok = take_size(ps);
	if (ok)
		ps->arg->type = type_name(ps);
	ok = ok && operand(ps);
	if (ok)
		emit(ps, (struct dtrace_step){ .op = DTRACE_STEP_ARG, .d = (uint8_t)i });
	if (ps->out->nstep > DTRACE_STEP_MAX)
		ok = refuse(ps, "the arguments together are too complicated");
	if (!ok)
		ps->out->nstep = before;
}

static const char blanks[] = " \t\n\v\f\r";

/* The end of the argument at @s: a blank outside parentheses. */
static const char *end_of(const char *s)
{
	int depth = 0;

	for (; *s && (depth > 0 || !strchr(blanks, *s)); s++)
		depth += (*s == '(') - (*s == ')');
	return s;
}

void dt_argspecs_parse(const char *text, const struct dt_argnames *names, struct dt_argspecs *ret)
{
	struct parser ps = { .names = names, .out = ret };
	const char *end;
	char one[512];

	memset(ret, 0, sizeof(*ret));
	for (text += strspn(text, blanks); *text; text = end + strspn(end, blanks)) {
		end = end_of(text);
		if (ret->n < DTRACE_STEP_ARGS) {
			snprintf(one, sizeof(one), "%.*s", (int)(end - text), text);
			if ((size_t)(end - text) < sizeof(one))
				parse_one(&ps, ret->n, one);
			else
				snprintf(ret->arg[ret->n].why, DT_ARGSPEC_WHY, "its description is too long");
		}
		if (ret->n < UINT32_MAX)
			ret->n++;
	}
}
