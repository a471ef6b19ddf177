/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz drivers share: giving a driver all files of a folder, each in
 * memory of exactly its size, so that a read past the end is seen. Folders are
 * relative to the top of the tree, where the tests run.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void (*fuzz_feed)(const void *data, size_t size);
static unsigned long fuzz_files;

static int fuzz_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	FILE *fp = type == FTW_F ? fopen(path, "r") : NULL;
	void *data = fp ? malloc(st->st_size + !st->st_size) : NULL;

	(void)ftw;
	if (data && fread(data, 1, st->st_size, fp) == (size_t)st->st_size) {
		fuzz_feed(data, st->st_size);
		fuzz_files++;
	}
	free(data);
	if (fp)
		fclose(fp);
	return 0;
}

/* Returns how many files there were. */
__attribute__((unused)) static unsigned long fuzz_folder(const char *dir, void (*feed)(const void *, size_t))
{
	unsigned long before = fuzz_files;

	fuzz_feed = feed;
	nftw(dir, fuzz_file, 16, FTW_PHYS);
	return fuzz_files - before;
}

#endif /* FUZZ_H */
