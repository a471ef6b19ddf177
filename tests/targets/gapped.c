// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gapped HOLE: a program with thousands of functions and hardly any room near them. Maps all that is free within
 * 2 GiB of its text but for holes of HOLE pages, one in 64 MiB; prints "ready"; for every byte it reads calls
 * every function, the nth n % 7 times; at end of file prints "name count" of each.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NFUNCS	4000
#define STRIDE	16
#define EVERY	(64ul << 20)
#define LOWEST	0x10000ul
#define TEXT(x)	#x
#define STRING(x) TEXT(x)

asm("	.altmacro\n"
    "	.macro function n\n"
    "	.balign	" STRING(STRIDE) "\n"
    "	.type	f\\n, @function\n"
    "f\\n:	mov	%edi, %eax\n"
    "	add	$1, %eax\n"
    "	ret\n"
    "	.size	f\\n, . - f\\n\n"
    "	.endm\n"
    "	.text\n"
    "	.balign	" STRING(STRIDE) "\n"
    "first:\n"
    "n = 0\n"
    "	.rept	" STRING(NFUNCS) "\n"
    "	function %n\n"
    "n = n + 1\n"
    "	.endr\n");
extern char first[];

static unsigned long hole;

static void fill(unsigned long lo, unsigned long hi)
{
	while (lo < hi) {
		unsigned long next = (lo / EVERY + 1) * EVERY, end = next < hi ? next - hole : hi;

		if (end > lo && mmap((void *)lo, end - lo, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				     MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) {
			perror("mmap");
			exit(1);
		}
		lo = next;
	}
}

static void fill_all(void)
{
	unsigned long gap = LOWEST, lo, hi, last = (unsigned long)first + (3ul << 30);
	static unsigned long gaps[256][2];
	FILE *f = fopen("/proc/self/maps", "r");
	size_t n = 0;

	while (f && n < 255 && fscanf(f, "%lx-%lx%*[^\n]", &lo, &hi) == 2) {
		if (lo > gap && gap < last) {
			gaps[n][0] = gap;
			gaps[n++][1] = lo < last ? lo : last;
		}
		gap = hi;
	}
	fclose(f);
	while (n--)
		fill(gaps[n][0], gaps[n][1]);
}

int main(int argc, char **argv)
{
	static long calls[NFUNCS];
	long bad = 0;
	char c;

	hole = argc > 1 ? strtoul(argv[1], NULL, 0) * sysconf(_SC_PAGESIZE) : 0;
	setvbuf(stdout, malloc(BUFSIZ), _IOFBF, BUFSIZ);
	fill_all();
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) == 1) {
		for (int n = 0; n < NFUNCS; n++) {
			for (int k = 0; k < n % 7; k++, calls[n]++)
				bad |= ((int (*)(int))(first + n * STRIDE))(n) != n + 1;
		}
	}
	for (int n = 0; n < NFUNCS; n++) {
		if (calls[n])
			printf("f%d %ld\n", n, calls[n]);
	}
	return bad;
}
