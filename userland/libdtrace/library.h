/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D libraries (library.c), and what program.c does for them. */
#ifndef DT_LIBRARY_H
#define DT_LIBRARY_H

#include "dt_impl.h"

/* Read all of them that are not read yet. 0, or -1 with the error set. */
int dt_libraries_load(dtrace_hdl_t *dtp);
void dt_libraries_free(struct dt_libraries *libs);
bool dt_library_there(dtrace_hdl_t *dtp, const char *name);	/* "procfs.d": it has been read */
bool dt_module_there(const char *name);
/* Compile one. 0; 1: it depends on something that is not there; -1: error set. */
int dt_library_compile(dtrace_hdl_t *dtp, const char *text, size_t len);

#endif /* DT_LIBRARY_H */
