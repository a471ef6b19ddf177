/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values as trace() and the keys of aggregations show them (Guide, chapter
 * "Output Formatting"): integers by size, strings, anything else as bytes.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "dt_impl.h"

int64_t dt_load_int(const void *p, size_t size, bool is_signed)
{
	int8_t b;
	int16_t h;
	int32_t w;
	int64_t x;

	switch (size) {
	case 1:
		memcpy(&b, p, 1);
		return is_signed ? b : (uint8_t)b;
	case 2:
		memcpy(&h, p, 2);
		return is_signed ? h : (uint16_t)h;
	case 4:
		memcpy(&w, p, 4);
		return is_signed ? w : (int64_t)(uint32_t)w;
	case 8:
		memcpy(&x, p, 8);
		return x;
	}
	return 0;
}

static int print_int(dtrace_hdl_t *dtp, FILE *fp, const void *p, size_t size, const struct dt_type *type, bool quiet)
{
	static const int widths[] = { [1] = 3, [2] = 5, [4] = 8, [8] = 16 };
	bool is_signed = true;
	int64_t val;

	type = type ? dt_type_resolve(type) : NULL;
	if (type)
		is_signed = type->kind == DT_T_ENUM || (type->kind == DT_T_INT && type->is_signed);
	val = dt_load_int(p, size, is_signed);
	/* As in the family, 64 bits print signed whatever their type: printf("%u") is for the others. */
	if (quiet)
		return dt_printf(dtp, fp, "%" PRId64, val);
	return dt_printf(dtp, fp, " %*" PRId64, widths[size], val);
}

/* Bytes of unknown type that are surely text: printable up to a NUL, and nothing but NULs after it. */
static bool looks_like_text(const unsigned char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] && (isprint(s[i]) || isspace(s[i]) || s[i] == '\b' || s[i] == '\a'))
		i++;
	if (!i || (i < n && s[i]))
		return false;
	while (i < n && !s[i])
		i++;
	return i == n;
}

int dt_print_hexdump(dtrace_hdl_t *dtp, FILE *fp, const void *data, size_t n, int indent)
{
	const unsigned char *b = data;
	char line[160];
	size_t k, end;

	if (dt_printf(dtp, fp, "\n%*s     %s  %s\n", indent, "",
		      "   0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f", "0123456789abcdef"))
		return -1;
	for (size_t i = 0; i < n; i += 16) {
		end = i + 16 < n ? i + 16 : n;
		k = (size_t)snprintf(line, sizeof(line), "%5zx:", i);
		for (size_t j = i; j < i + 16; j++)
			k += (size_t)(j < end ? snprintf(line + k, sizeof(line) - k, " %02x", b[j])
					      : snprintf(line + k, sizeof(line) - k, "   "));
		line[k++] = ' ';
		line[k++] = ' ';
		for (size_t j = i; j < end; j++)
			line[k++] = b[j] >= ' ' && b[j] <= '~' ? (char)b[j] : '.';
		line[k] = 0;
		if (dt_printf(dtp, fp, "%*s%s\n", indent, "", line))
			return -1;
	}
	return 0;
}

static int print_text(dtrace_hdl_t *dtp, FILE *fp, const char *s, size_t n, int width, bool quiet)
{
	n = strnlen(s, n);
	if (quiet)
		return dt_printf(dtp, fp, "%.*s", (int)n, s);
	if (width < 0)	/* to the right, as in the styles of aggregations of one line */
		return dt_printf(dtp, fp, " %*.*s", -width, (int)n, s);
	return dt_printf(dtp, fp, "  %-*.*s", width, (int)n, s);
}

int dt_print_value(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, const struct dt_type *type,
		   caddr_t data, int width, bool quiet)
{
	const struct dt_type *t = type ? dt_type_resolve(type) : NULL;
	size_t n = rec->dtrd_size;
	bool raw = dtp->opt[DTRACEOPT_RAWBYTES] != DTRACEOPT_UNSET;

	if (t && t->kind == DT_T_STRING && !raw)
		return print_text(dtp, fp, data, n, width, quiet);
	if (t && t->kind == DT_T_FLOAT && n == sizeof(double))
		return dt_printf(dtp, fp, quiet ? "%g" : " %16g", *(double *)data);
	if ((n == 1 || n == 2 || n == 4 || n == 8) && !(t && dt_type_is_byref(t)))
		return print_int(dtp, fp, data, n, type, quiet);
	if (!raw && looks_like_text((unsigned char *)data, n))
		return print_text(dtp, fp, data, n, width, quiet);
	return n ? dt_print_hexdump(dtp, fp, data, n, 5) : 0;
}

int dt_print_datum(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, const struct dt_type *type,
		   caddr_t data, int width, bool quiet)
{
	char name[4096];

	switch (rec->dtrd_action) {
	case DTRACEACT_STACK:
	case DTRACEACT_USTACK:
	case DTRACEACT_JSTACK:
	case DTRACEACT_PYSTACK:
		return dt_print_frames(dtp, fp, rec, data, NULL);
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
	case DTRACEACT_SYM:
	case DTRACEACT_MOD:
		dt_sym_text(dtp, rec->dtrd_action, data, name, sizeof(name));
		return dt_printf(dtp, fp, quiet ? "%s" : "  %-50s", name);
	case DTRACEACT_PRINT:
		return type ? dt_print_typed(dtp, fp, type, data, rec->dtrd_size) :
			      dt_print_value(dtp, fp, rec, NULL, data, width, quiet);
	case DTRACEACT_TRACEMEM:
		return dt_print_hexdump(dtp, fp, data, rec->dtrd_size, 5);
	default:
		return dt_print_value(dtp, fp, rec, type, data, width, quiet);
	}
}

/*
 * The record that a statement shows, and how many of its bytes: a tracemem()'s
 * third argument stands before them, and says how many the kernel has read.
 */
static uint32_t shown_record(const dtrace_probedata_t *pd, uint32_t i, uint32_t n, size_t *size)
{
	const dtrace_recdesc_t *rec = &pd->dtpda_edesc->dtepd_rec[i];
	uint64_t read = UINT64_MAX;

	if (rec->dtrd_action == DTRACEACT_TRACEMEM_DYNSIZE && n > 1) {
		read = (uint64_t)dt_load_int(pd->dtpda_data + rec->dtrd_offset, rec->dtrd_size, false);
		rec = &pd->dtpda_edesc->dtepd_rec[++i];
	}
	*size = read < rec->dtrd_size ? read : rec->dtrd_size;
	return i;
}

int dt_print_stmt(dtrace_hdl_t *dtp, FILE *fp, const dtrace_probedata_t *pd, uint32_t i, uint32_t n)
{
	const dtrace_recdesc_t *rec;
	const struct dt_action *a;
	size_t size;

	i = shown_record(pd, i, n, &size);
	rec = &pd->dtpda_edesc->dtepd_rec[i];
	a = dt_cookie_action(dtp, rec->dtrd_uarg);
	if (dt_oformat_on(dtp))
		return dt_oformat_datum(dtp, pd, i, size);
	if (rec->dtrd_action == DTRACEACT_TRACEMEM)
		return size ? dt_print_hexdump(dtp, fp, pd->dtpda_data + rec->dtrd_offset, size, 5) : 0;
	return dt_print_datum(dtp, fp, rec, a ? a->type : NULL, pd->dtpda_data + rec->dtrd_offset, 33, dt_quiet(dtp));
}
