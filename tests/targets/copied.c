/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For copyout() and copyoutstr(): calls touched() with a buffer, a string and a
 * page that cannot be written, until the buffer is not what it was; then prints
 * both and ends. It never writes to them itself.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((noinline, noclone)) void touched(volatile long *buf, volatile char *str, const char *page, long seven)
{
	__asm__ volatile("" : : "r"(buf), "r"(str), "r"(page), "r"(seven) : "memory");
}

int main(void)
{
	static volatile long buf[4] = { 1, 2, 3, 4 };
	static volatile char str[16] = "fedcba9876543";
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	buf[3] = 4;	/* so that the page is there, and ours */
	printf("ready\n");
	fflush(stdout);
	while (buf[0] == 1) {
		touched(buf, str, page, 7);
		usleep(1000);
	}
	printf("%ld %ld %ld %ld\n", buf[0], buf[1], buf[2], buf[3]);
	printf("%s\n", (const char *)str);
	printf("%s\n", (const char *)str + strlen((const char *)str) + 1);
	return page[0];
}
