/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where text goes. To a FILE, or, if the caller gave none, into a buffer that
 * is handed to the buffered handler piece by piece: one piece a record, key or value.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

static int buffered_write(dtrace_hdl_t *dtp, const char *s, size_t n)
{
	struct dt_buffered *b = &dtp->buffered;
	size_t room = b->room ? b->room : 1024;
	char *grown;

	if (!b->func)
		return dt_set_errno(dtp, EDT_NOBUFFERED);
	while (room - b->n <= n)
		room *= 2;
	if (room != b->room) {
		grown = realloc(b->buf, room);
		if (!grown)
			return dt_set_errno(dtp, ENOMEM);
		b->buf = grown;
		b->room = room;
	}
	memcpy(b->buf + b->n, s, n);
	b->n += n;
	b->buf[b->n] = 0;
	return 0;
}

int dt_write(dtrace_hdl_t *dtp, FILE *fp, const char *s, size_t n)
{
	if (!fp)
		return buffered_write(dtp, s, n);
	if (fwrite(s, 1, n, fp) == n)
		return 0;
	return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
}

int dt_printf(dtrace_hdl_t *dtp, FILE *fp, const char *fmt, ...)
{
	char small[512], *big = NULL;
	va_list ap;
	int n, rc;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(small)) {
		va_start(ap, fmt);
		n = vasprintf(&big, fmt, ap);
		va_end(ap);
	}
	if (n < 0)
		return dt_set_errno(dtp, ENOMEM);
	rc = dt_write(dtp, fp, big ? big : small, (size_t)n);
	free(big);
	return rc;
}

int dt_flush(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec,
	     const dtrace_aggdata_t *agg, uint32_t flags)
{
	struct dt_buffered *b = &dtp->buffered;
	dtrace_bufdata_t data = {
		.dtbda_handle = dtp, .dtbda_buffered = b->buf, .dtbda_probe = (dtrace_probedata_t *)pd,
		.dtbda_recdesc = rec, .dtbda_aggdata = agg, .dtbda_flags = flags,
	};

	if (!b->n)
		return 0;
	b->n = 0;
	if (b->func(&data, b->arg) == DTRACE_HANDLE_ABORT)
		return dt_set_errno(dtp, EDT_BUFABORT);
	return 0;
}

bool dt_quiet(dtrace_hdl_t *dtp)
{
	return dtp->opt[DTRACEOPT_QUIET] != DTRACEOPT_UNSET;
}
