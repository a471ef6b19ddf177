/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structured output: what oformat.c and ovalue.c share. The rest of the library uses dt_impl.h. */
#ifndef DT_OFORMAT_H
#define DT_OFORMAT_H

#include "dt_impl.h"
#include "writer.h"

/* A recorded value as members of the open object; @what: their name, or NULL for the record's own. */
void dt_ov_datum(dtrace_hdl_t *dtp, struct dt_writer *w, const dtrace_recdesc_t *rec, const struct dt_type *type,
		 const void *data, size_t size, const char *what);
/* The value of an aggregation as members of the open object. */
void dt_ov_aggval(dtrace_hdl_t *dtp, struct dt_writer *w, const dtrace_recdesc_t *rec, const void *data,
		  uint64_t normal);

#endif /* DT_OFORMAT_H */
