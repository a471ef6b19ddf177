// SPDX-License-Identifier: GPL-2.0-only
/*
 * D's subroutines. Arguments are on the tuple stack (the checker has counted
 * them), results are values or addresses in scratch.
 *
 * Strings are at most strsize - 1 bytes long, arguments are cut there. What a
 * subroutine needs only while it runs it takes from scratch above `mark', and
 * gives back by moving its result down there.
 *
 * Semantics: Guide, "Actions and Subroutines"; where the Guide is silent,
 * what the family does (substr, index and rindex follow Perl).
 */
#include "engine_impl.h"

static u64 arg(const struct dtk_exec *x, u32 n)
{
	return x->tup[n].val;
}

static bool str_arg(struct dtk_exec *x, u32 n, struct dtk_str *s)
{
	return dtk_mem_str(x->ms, x->difo, arg(x, n), s);
}

/* Make a string of @len bytes at @p (perhaps above @mark in scratch) the result. */
static u64 str_result(struct dtk_exec *x, size_t mark, const char *p, size_t len)
{
	char *dst;

	x->ms->scratch = mark;
	dst = dtk_scratch(x->ms, len + 1);
	if (!dst)
		return 0;
	memmove(dst, p, len);
	dst[len] = '\0';
	return (uintptr_t)dst;
}

/* ---- Memory ------------------------------------------------------------------------ */

static u64 subr_alloca(struct dtk_exec *x)
{
	void *p = dtk_scratch(x->ms, arg(x, 0));

	if (p)
		memset(p, 0, arg(x, 0));
	return (uintptr_t)p;
}

static u64 subr_copyin(struct dtk_exec *x)
{
	u64 addr = arg(x, 0), n = arg(x, 1);
	void *p = dtk_scratch(x->ms, n);

	if (p && dtk_read_user(p, addr, n))
		dtk_fault(x->ms, DTRACEFLT_BADADDR, addr);
	return (uintptr_t)p;
}

static u64 subr_copyinstr(struct dtk_exec *x)
{
	u64 addr = arg(x, 0);
	size_t mark = x->ms->scratch, n = x->ms->strsize;
	char *p;
	long len;

	if (x->ntup > 1 && arg(x, 1) < n)
		n = arg(x, 1) + 1;
	p = dtk_scratch(x->ms, n);
	if (!p)
		return 0;
	len = dtk_read_user_str(p, addr, n);
	if (len < 1) {
		dtk_fault(x->ms, DTRACEFLT_BADADDR, addr);
		return 0;
	}
	x->ms->scratch = mark + ALIGN((size_t)len, 8);
	return (uintptr_t)p;
}

static u64 subr_copyinto(struct dtk_exec *x)
{
	u64 addr = arg(x, 0), n = arg(x, 1), dst = arg(x, 2);

	if (dtk_mem_canstore(x->ms, dst, n) && dtk_read_user((void *)(uintptr_t)dst, addr, n))
		dtk_fault(x->ms, DTRACEFLT_BADADDR, addr);
	return 0;
}

static u64 subr_bcopy(struct dtk_exec *x)
{
	u64 src = arg(x, 0), dst = arg(x, 1), n = arg(x, 2);

	if (dtk_mem_canstore(x->ms, dst, n))
		dtk_mem_read(x->ms, x->difo, (void *)(uintptr_t)dst, src, n);
	return 0;
}

/*
 * memstr(addr, c, size): memory with NULs within it, such as /proc's lists of arguments,
 * as one string. As on FreeBSD the last of the bytes is where the string ends.
 */
static u64 subr_memstr(struct dtk_exec *x)
{
	u64 n = arg(x, 2);
	char c = arg(x, 1), *p;
	size_t i;

	if (n > x->ms->strsize)
		n = x->ms->strsize;
	p = dtk_scratch(x->ms, n ? n : 1);
	if (!p || (n > 1 && !dtk_mem_read(x->ms, x->difo, p, arg(x, 0), n - 1)))
		return 0;
	for (i = 0; i + 1 < n; i++) {
		if (!p[i])
			p[i] = c;
	}
	p[i] = '\0';
	return (uintptr_t)p;
}

/* ---- Looking at strings ---------------------------------------------------------------- */

static u64 subr_strlen(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	struct dtk_str s = { NULL, 0 };

	str_arg(x, 0, &s);
	x->ms->scratch = mark;
	return s.len;
}

/* The results of strchr() and friends point into the argument itself, not into our copy. */
static u64 find_char(struct dtk_exec *x, bool last)
{
	size_t mark = x->ms->scratch, i;
	char c = arg(x, 1);
	struct dtk_str s;
	u64 found = 0;

	if (!str_arg(x, 0, &s))
		return 0;
	for (i = 0; i <= s.len && (last || !found); i++) {
		if ((i < s.len ? s.p[i] : '\0') == c)
			found = arg(x, 0) + i;
	}
	x->ms->scratch = mark;
	return found;
}

static u64 subr_strchr(struct dtk_exec *x)
{
	return find_char(x, false);
}

static u64 subr_strrchr(struct dtk_exec *x)
{
	return find_char(x, true);
}

/* Offset of @sub in @s, from @from on upwards or downwards; -1 if absent. */
static s64 find_sub(const struct dtk_str *s, const struct dtk_str *sub, s64 from, bool down)
{
	s64 last = (s64)s->len - (s64)sub->len, i;

	if (down && from > last)
		from = last;
	for (i = from; down ? i >= 0 : i <= last; i += down ? -1 : 1) {
		if (!memcmp(s->p + i, sub->p, sub->len))
			return i;
	}
	return -1;
}

static u64 subr_strstr(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	struct dtk_str s, sub;
	s64 i = -1;

	if (str_arg(x, 0, &s) && str_arg(x, 1, &sub))
		i = find_sub(&s, &sub, 0, false);
	x->ms->scratch = mark;
	return i < 0 ? 0 : arg(x, 0) + i;
}

/*
 * index() clamps a negative position to 0 and finds the empty string at the end
 * at the latest; rindex() clamps a position beyond the end, and with a negative
 * one finds nothing but the empty string, at 0.
 */
static u64 subr_index(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	struct dtk_str s, sub;
	s64 pos = x->ntup > 2 ? (s64)arg(x, 2) : 0, i = -1;

	if (str_arg(x, 0, &s) && str_arg(x, 1, &sub)) {
		pos = max(pos, (s64)0);
		pos = min(pos, (s64)s.len);
		i = find_sub(&s, &sub, pos, false);
	}
	x->ms->scratch = mark;
	return i;
}

static u64 subr_rindex(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	struct dtk_str s, sub;
	s64 pos = x->ntup > 2 ? (s64)arg(x, 2) : S64_MAX, i = -1;

	if (str_arg(x, 0, &s) && str_arg(x, 1, &sub)) {
		if (pos >= 0)
			i = find_sub(&s, &sub, pos, true);
		else if (!sub.len)
			i = 0;
	}
	x->ms->scratch = mark;
	return i;
}

/* ---- Making strings ------------------------------------------------------------------------ */

static u64 subr_strjoin(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	struct dtk_str s, t;
	char *p;

	if (!str_arg(x, 0, &s) || !str_arg(x, 1, &t))
		return 0;
	if (s.len + t.len >= x->ms->strsize) {
		dtk_fault(x->ms, DTRACEFLT_NOSCRATCH, s.len + t.len + 1);
		return 0;
	}
	p = dtk_scratch(x->ms, s.len + t.len + 1);
	if (!p)
		return 0;
	memcpy(p, s.p, s.len);
	memcpy(p + s.len, t.p, t.len);
	return str_result(x, mark, p, s.len + t.len);
}

/* Perl's: a negative start counts from the end, a negative length leaves that much off. */
static u64 subr_substr(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	s64 start = arg(x, 1), n = x->ntup > 2 ? (s64)arg(x, 2) : S64_MAX, len;
	struct dtk_str s;

	if (!str_arg(x, 0, &s))
		return 0;
	len = s.len;
	if (start < 0)
		start += len;
	if (start < 0 && n > 0 && start + n > 0) {	/* it begins before the string */
		n += start;
		start = 0;
	}
	if (start < 0 || start >= len)
		return str_result(x, mark, "", 0);
	if (n < 0)
		n += len - start;
	n = min(max(n, (s64)0), len - start);
	return str_result(x, mark, s.p + start, n);
}

/* Length of @s without the slashes that end it, but at least 1 if there is anything. */
static size_t without_slashes(const char *p, size_t len)
{
	while (len > 1 && p[len - 1] == '/')
		len--;
	return len;
}

static u64 subr_basename(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch, len, start;
	struct dtk_str s;

	if (!str_arg(x, 0, &s))
		return 0;
	if (!s.len)
		return str_result(x, mark, ".", 1);
	len = without_slashes(s.p, s.len);
	for (start = len; start > 0 && s.p[start - 1] != '/'; start--)
		;
	if (start == len)	/* nothing but slashes */
		start = 0;
	return str_result(x, mark, s.p + start, len - start);
}

static u64 subr_dirname(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch, len;
	struct dtk_str s;

	if (!str_arg(x, 0, &s))
		return 0;
	len = without_slashes(s.p, s.len);
	while (len > 0 && s.p[len - 1] != '/')
		len--;
	if (!len)
		return str_result(x, mark, ".", 1);
	return str_result(x, mark, s.p, without_slashes(s.p, len));
}

/* Does the path begin with these bytes at @i? */
static bool path_at(const struct dtk_str *s, size_t i, const char *what, size_t n)
{
	return s->len - i >= n && !memcmp(s->p + i, what, n);
}

/* Take out "//", "/./" and "x/../"; does not look at the file system. */
static u64 subr_cleanpath(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch, i = 0, n = 0;
	struct dtk_str s;
	char *p;

	if (!str_arg(x, 0, &s))
		return 0;
	p = dtk_scratch(x->ms, s.len + 1);
	if (!p)
		return 0;
	while (i < s.len) {
		if (path_at(&s, i, "//", 2)) {
			i++;
		} else if (path_at(&s, i, "/./", 3)) {
			i += 2;
		} else if (path_at(&s, i, "/../", 4)) {
			i += 3;
			while (n && p[--n] != '/')
				;
		} else {
			p[n++] = s.p[i++];
		}
	}
	return str_result(x, mark, p, n);
}

static u64 subr_lltostr(struct dtk_exec *x)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	u64 val = arg(x, 0), base = x->ntup > 1 ? arg(x, 1) : 10, rest;
	bool negative = base == 10 && (s64)val < 0;
	char buf[72], *p = buf + sizeof(buf);

	if (base < 2 || base > 36) {
		dtk_fault(x->ms, DTRACEFLT_ILLOP, base);
		return 0;
	}
	for (rest = negative ? -val : val; rest; rest /= base)
		*--p = digits[rest % base];
	if (!val && base == 16)
		*--p = '0';
	if (base == 16)
		*--p = 'x';
	if (!val || base == 8 || base == 16)
		*--p = '0';
	if (negative)
		*--p = '-';
	return str_result(x, x->ms->scratch, p, buf + sizeof(buf) - p);
}

static u64 change_case(struct dtk_exec *x, char first, char last, char delta)
{
	size_t mark = x->ms->scratch, i;
	struct dtk_str s;
	char *p;

	if (!str_arg(x, 0, &s))
		return 0;
	p = (char *)(uintptr_t)str_result(x, mark, s.p, s.len);
	for (i = 0; p && i < s.len; i++) {
		if (p[i] >= first && p[i] <= last)
			p[i] += delta;
	}
	return (uintptr_t)p;
}

static u64 subr_toupper(struct dtk_exec *x)
{
	return change_case(x, 'a', 'z', 'A' - 'a');
}

static u64 subr_tolower(struct dtk_exec *x)
{
	return change_case(x, 'A', 'Z', 'a' - 'A');
}

/* The string between calls stays where it is: in scratch until the clause ends, or in a table. */
static u64 subr_strtok(struct dtk_exec *x)
{
	struct dtk_mstate *ms = x->ms;
	u64 addr = arg(x, 0) ? arg(x, 0) : ms->strtok;
	size_t i = 0, end, mark;
	struct dtk_str s, sep;

	if (!addr)
		return 0;
	if (!dtk_mem_str(ms, x->difo, addr, &s))
		return 0;
	mark = ms->scratch;
	if (!str_arg(x, 1, &sep))
		return 0;
	while (i < s.len && memchr(sep.p, s.p[i], sep.len))
		i++;
	for (end = i; end < s.len && !memchr(sep.p, s.p[end], sep.len); end++)
		;
	ms->strtok = end < s.len ? (uintptr_t)(s.p + end + 1) : 0;
	return i < s.len ? str_result(x, mark, s.p + i, end - i) : 0;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static u32 digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 36;
}

static u64 parse_number(const struct dtk_str *s, u32 base)
{
	size_t i = 0;
	bool negative = false;
	u64 val = 0;

	while (i < s->len && (s->p[i] == ' ' || (s->p[i] >= '\t' && s->p[i] <= '\r')))
		i++;
	if (i < s->len && (s->p[i] == '-' || s->p[i] == '+'))
		negative = s->p[i++] == '-';
	if (base == 16 && s->len - i >= 2 && s->p[i] == '0' && (s->p[i + 1] | 0x20) == 'x')
		i += 2;
	for (; i < s->len && digit(s->p[i]) < base; i++)
		val = val * base + digit(s->p[i]);
	return negative ? -val : val;
}

static u64 subr_strtoll(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch;
	u64 base = x->ntup > 1 ? arg(x, 1) : 10, val = 0;
	struct dtk_str s;

	if (base < 2 || base > 36)
		dtk_fault(x->ms, DTRACEFLT_ILLOP, base);
	else if (str_arg(x, 0, &s))
		val = parse_number(&s, base);
	x->ms->scratch = mark;
	return val;
}

static u64 subr_swap16(struct dtk_exec *x)
{
	return __builtin_bswap16(arg(x, 0));
}

static u64 subr_swap32(struct dtk_exec *x)
{
	return __builtin_bswap32(arg(x, 0));
}

static u64 subr_swap64(struct dtk_exec *x)
{
	return __builtin_bswap64(arg(x, 0));
}

/* The kernel's own dev_t: 12 bits, 20 bits. */
static u64 subr_getmajor(struct dtk_exec *x)
{
	return (u32)arg(x, 0) >> 20;
}

static u64 subr_getminor(struct dtk_exec *x)
{
	return arg(x, 0) & 0xfffff;
}

static u64 subr_rand(struct dtk_exec *x)
{
	struct dtk_ccpu *cc = x->ms->cc;

	cc->rand = dtk_hash_word(cc->rand + 0x9e3779b97f4a7c15ull, dtk_time_mono());
	return dtk_hash_word(cc->rand, x->ms->cpu);
}

/* ---- Addresses of the network ------------------------------------------------------------------ */

#define INET4 2		/* Linux's AF_INET, AF_INET6 */
#define INET6 10

static size_t format_inet4(char *buf, size_t size, const u8 *a)
{
	return snprintf(buf, size, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

static u32 group(const u8 *a, u32 i)
{
	return a[2 * i] << 8 | a[2 * i + 1];
}

/* The first of the longest runs of at least two zero groups: that is written "::". */
static u32 zero_run(const u8 *a, u32 *len)
{
	u32 i, run = 0, first = 8;

	*len = 1;
	for (i = 0; i < 8; i++) {
		run = group(a, i) ? 0 : run + 1;
		if (run > *len) {
			*len = run;
			first = i + 1 - run;
		}
	}
	return first;
}

static size_t format_inet6(char *buf, size_t size, const u8 *a)
{
	u32 len, first = zero_run(a, &len), i;
	bool inet4 = !first && (len == 6 || (len == 7 && group(a, 7) != 1) ||
				(len == 5 && group(a, 5) == 0xffff));
	size_t n = 0;

	for (i = 0; i < 8; i++) {
		if (i == first) {
			n += snprintf(buf + n, size - n, "::");
			i += len - 1;
		} else if (i == 6 && inet4) {
			n += snprintf(buf + n, size - n, n && buf[n - 1] != ':' ? ":" : "%s", "");
			return n + format_inet4(buf + n, size - n, a + 12);
		} else {
			n += snprintf(buf + n, size - n, n && buf[n - 1] != ':' ? ":%x" : "%x",
				      group(a, i));
		}
	}
	return n;
}

static u64 inet_string(struct dtk_exec *x, u64 family, u64 addr)
{
	char buf[64];
	u8 a[16];
	size_t n;

	if (family != INET4 && family != INET6) {
		dtk_fault(x->ms, DTRACEFLT_ILLOP, family);
		return 0;
	}
	if (!dtk_mem_read(x->ms, x->difo, a, addr, family == INET4 ? 4 : 16))
		return 0;
	n = family == INET4 ? format_inet4(buf, sizeof(buf), a) : format_inet6(buf, sizeof(buf), a);
	return str_result(x, x->ms->scratch, buf, n);
}

#define LINK_ETHER 1		/* Linux's ARPHRD_ETHER, ARPHRD_INFINIBAND */
#define LINK_INFINIBAND 32

static u64 subr_link_ntop(struct dtk_exec *x)
{
	u64 type = arg(x, 0);
	u32 i, len = type == LINK_ETHER ? 6 : 20;
	char buf[64];
	u8 a[20];

	if (type != LINK_ETHER && type != LINK_INFINIBAND) {
		dtk_fault(x->ms, DTRACEFLT_ILLOP, type);
		return 0;
	}
	if (!dtk_mem_read(x->ms, x->difo, a, arg(x, 1), len))
		return 0;
	for (i = 0; i < len; i++)
		snprintf(buf + 3 * i, sizeof(buf) - 3 * i, "%02x:", a[i]);
	return str_result(x, x->ms->scratch, buf, 3 * len - 1);
}

static u64 subr_inet_ntoa(struct dtk_exec *x)
{
	return inet_string(x, INET4, arg(x, 0));
}

static u64 subr_inet_ntoa6(struct dtk_exec *x)
{
	return inet_string(x, INET6, arg(x, 0));
}

static u64 subr_inet_ntop(struct dtk_exec *x)
{
	return inet_string(x, arg(x, 0), arg(x, 1));
}

/* ---- Tables -------------------------------------------------------------------------------------- */

const struct dtk_subr dtk_subrs[DIF_SUBR_MAX] = {
#define SUBR(name, id, min, max) [DIF_SUBR_##id] = { name, min, max },
	DIF_SUBRS(SUBR)
#undef SUBR
};

dtk_subr_fn *const dtk_subr_fns[DIF_SUBR_MAX] = {
	[DIF_SUBR_COPYIN]	= subr_copyin,
	[DIF_SUBR_COPYINSTR]	= subr_copyinstr,
	[DIF_SUBR_COPYINTO]	= subr_copyinto,
	[DIF_SUBR_ALLOCA]	= subr_alloca,
	[DIF_SUBR_BCOPY]	= subr_bcopy,
	[DIF_SUBR_STRLEN]	= subr_strlen,
	[DIF_SUBR_STRJOIN]	= subr_strjoin,
	[DIF_SUBR_STRCHR]	= subr_strchr,
	[DIF_SUBR_STRRCHR]	= subr_strrchr,
	[DIF_SUBR_STRSTR]	= subr_strstr,
	[DIF_SUBR_STRTOK]	= subr_strtok,
	[DIF_SUBR_SUBSTR]	= subr_substr,
	[DIF_SUBR_INDEX]	= subr_index,
	[DIF_SUBR_RINDEX]	= subr_rindex,
	[DIF_SUBR_BASENAME]	= subr_basename,
	[DIF_SUBR_DIRNAME]	= subr_dirname,
	[DIF_SUBR_CLEANPATH]	= subr_cleanpath,
	[DIF_SUBR_LLTOSTR]	= subr_lltostr,
	[DIF_SUBR_STRTOLL]	= subr_strtoll,
	[DIF_SUBR_TOUPPER]	= subr_toupper,
	[DIF_SUBR_TOLOWER]	= subr_tolower,
	[DIF_SUBR_HTONS]	= subr_swap16,
	[DIF_SUBR_HTONL]	= subr_swap32,
	[DIF_SUBR_HTONLL]	= subr_swap64,
	[DIF_SUBR_NTOHS]	= subr_swap16,
	[DIF_SUBR_NTOHL]	= subr_swap32,
	[DIF_SUBR_NTOHLL]	= subr_swap64,
	[DIF_SUBR_INET_NTOA]	= subr_inet_ntoa,
	[DIF_SUBR_INET_NTOA6]	= subr_inet_ntoa6,
	[DIF_SUBR_INET_NTOP]	= subr_inet_ntop,
	[DIF_SUBR_GETMAJOR]	= subr_getmajor,
	[DIF_SUBR_GETMINOR]	= subr_getminor,
	[DIF_SUBR_RAND]		= subr_rand,
	[DIF_SUBR_COPYOUT]	= dtk_subr_copyout,
	[DIF_SUBR_COPYOUTSTR]	= dtk_subr_copyoutstr,
	[DIF_SUBR_JSON]		= dtk_subr_json,
	[DIF_SUBR_D_PATH]	= dtk_subr_d_path,
	[DIF_SUBR_SPECULATION]	= dtk_subr_speculation,
	[DIF_SUBR_PROGENYOF]	= dtk_subr_progenyof,
	[DIF_SUBR_MUTEX_OWNED]	= dtk_subr_mutex_owned,
	[DIF_SUBR_MUTEX_OWNER]	= dtk_subr_mutex_owner,
	[DIF_SUBR_MUTEX_TYPE_ADAPTIVE] = dtk_subr_mutex_type_adaptive,
	[DIF_SUBR_MUTEX_TYPE_SPIN] = dtk_subr_mutex_type_spin,
	[DIF_SUBR_RW_ISWRITER]	= dtk_subr_rw_iswriter,
	[DIF_SUBR_RW_READ_HELD]	= dtk_subr_rw_read_held,
	[DIF_SUBR_RW_WRITE_HELD] = dtk_subr_rw_write_held,
	[DIF_SUBR_MEMSTR]	= subr_memstr,
	[DIF_SUBR_LINK_NTOP]	= subr_link_ntop,
};
