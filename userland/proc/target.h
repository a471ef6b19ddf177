/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: small programs built on the spot, in a directory that goes away.
 */
#ifndef DT_TARGET_H
#define DT_TARGET_H

#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "impl.h"

static char target_dir[64];

static inline int target_setup(void **state)
{
	(void)state;
	strcpy(target_dir, "/tmp/dt-target-XXXXXX");
	return mkdtemp(target_dir) ? 0 : -1;
}

static inline int __attribute__((format(printf, 1, 2))) target_run(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd);
}

static inline int target_teardown(void **state)
{
	(void)state;
	return target_run("rm -rf %s", target_dir) ? -1 : 0;
}

/* Path of a file in the directory; the last sixty-four stay valid. */
static inline char *target_path(const char *name)
{
	static char path[64][256];
	static int next;

	next = (next + 1) % 64;
	snprintf(path[next], sizeof(path[next]), "%s/%s", target_dir, name);
	return path[next];
}

static inline char *target_write(const char *name, const char *text)
{
	char *path = target_path(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	return path;
}

/* Compile C text, or C++ with -x c++ in @flags. */
static inline char *target_build(const char *name, const char *flags, const char *text)
{
	char source[80];

	snprintf(source, sizeof(source), "%s.c", name);
	target_write(source, text);
	assert_int_equal(target_run("cd %s && %s -w -o %s %s %s", target_dir,
				    strstr(flags, "c++") ? "g++" : "gcc", name, flags, source), 0);
	return target_path(name);
}

/* A file that must be understood; dt_elf_close() is the caller's. */
static inline struct dt_elf *target_elf(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct dt_elf *e;
	struct dt_err err;

	assert_true(fd >= 0);
	if (dt_elf_open(fd, path, &e, &err))
		fail_msg("%s", err.msg);
	close(fd);
	return e;
}

#endif /* DT_TARGET_H */
