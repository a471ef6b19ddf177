// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * textcheck PID: compares the executable file mappings of a process with the
 * files, byte by byte, and prints how many bytes differ. Exit 0: none differ.
 * It knows nothing of dtrace: it is the ground truth for "the text is restored".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned char a[1 << 16], b[1 << 16];

static long differing(int mem, uint64_t lo, uint64_t hi, const char *path, uint64_t off)
{
	int fd = open(path, O_RDONLY);
	long n = 0;

	if (fd < 0)
		return 0;	/* deleted, vdso: nothing to compare with */
	for (uint64_t at = lo; at < hi; ) {
		size_t want = hi - at < sizeof(a) ? hi - at : sizeof(a);
		ssize_t ra = pread(mem, a, want, (off_t)at), rb = pread(fd, b, want, (off_t)(off + at - lo));
		ssize_t m = ra < rb ? ra : rb;

		if (m <= 0)
			break;
		for (ssize_t i = 0; i < m; i++)
			if (a[i] != b[i]) {
				if (n < 10 && getenv("VERBOSE"))
					fprintf(stderr, "%s: %#" PRIx64 ": %02x, file has %02x\n",
						path, at + i, a[i], b[i]);
				n++;
			}
		at += m;
	}
	close(fd);
	return n;
}

int main(int argc, char **argv)
{
	char path[64], line[4352];
	long n = 0, maps = 0;
	FILE *f;
	int mem;

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	f = fopen(path, "r");
	if (mem < 0 || !f) {
		fprintf(stderr, "textcheck: no process %s\n", argv[1]);
		return 2;
	}
	while (fgets(line, sizeof(line), f)) {
		uint64_t lo, hi, off;
		char perm[8], file[4096] = "";

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %4095s", &lo, &hi,
			   perm, &off, file) < 4)
			continue;
		if (perm[2] != 'x' || file[0] != '/')
			continue;
		n += differing(mem, lo, hi, file, off);
		maps++;
	}
	printf("%ld\n", n);
	return n || !maps;
}
