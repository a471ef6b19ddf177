// SPDX-License-Identifier: GPL-2.0-or-later
/* typed: calls take() once on a structure of many kinds of members, and prints what that holds. */
#include <stdio.h>
#include <stddef.h>

enum colour { RED = -1, GREEN = 5, BLUE };

struct part {
	short weight;
	char label[10];
};

typedef struct thing {
	unsigned int low : 3, mid : 9, high : 20;
	signed int neg : 6;
	long id;
	union {
		int number;
		short half;
	};
	struct part parts[2];
	struct thing *next;
	const char *name;
	enum colour colour;
	long (*fn)(long);
	double ratio;
} thing_t;

int total = 4711;

static long twice(long x)
{
	return 2 * x;
}

__attribute__((noinline, noclone, used)) short take(thing_t *t, enum colour c, const char *name, unsigned char small)
{
	__asm__ volatile("" ::: "memory");
	return (short)(t->id + c + small + (name != NULL));
}

int main(void)
{
	thing_t last = { .id = 77, .name = "the last" };
	thing_t t = {
		.low = 5, .mid = 300, .high = 70000, .neg = -17, .id = 1l << 33, .number = 0x30004,
		.parts = { { 3, "first" }, { -4, "second" } }, .next = &last, .name = "a thing", .colour = RED,
		.fn = twice, .ratio = 0.5,
	};
	short ret = take(&t, BLUE, "hello", 200);

	printf("%u %u %u %d %ld %d %d %d %s %ld %s %s %d %d\n", t.low, t.mid, t.high, t.neg, t.id, t.number, t.half,
	       t.parts[1].weight, t.parts[1].label, t.next->id, t.next->name, t.name, t.colour, total);
	printf("args %d %s %d %ld\n", BLUE, "hello", 200, (long)sizeof(t));
	printf("offsets %zu %zu\n", offsetof(thing_t, parts), offsetof(thing_t, ratio));
	printf("ret %d\n", ret);
	return 0;
}
