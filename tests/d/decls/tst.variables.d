/* SPDX-License-Identifier: GPL-2.0-or-later */
int i;
int j, k;
unsigned char *p, c, **pp;
string s;
self string t;
this int u;
self unsigned long long v;
long int l;
int long unsigned m;
const int n;
volatile int o;
struct { int a; } anon;
struct tag { struct tag *next; int v; } head, *ptr;
uint8_t u8; int16_t i16; uint32_t u32; int64_t i64; size_t sz; uintptr_t up; pid_t pd;

BEGIN
{
	i = 1; j = 2; k = 3; s = "s"; self->t = "t"; this->u = 4; self->v = 5; anon.a = 6; head.v = 7;
	u8 = 257; i16 = 65537; u32 = -1; i64 = -1;
	printf("%d %d %d %s %s %d %d %d %d\n", i, j, k, s, self->t, this->u, self->v, anon.a, head.v);
	printf("%d %d %u %d\n", u8, i16, u32, i64);
	printf("%d %d %d %d\n", sizeof (l), sizeof (m), sizeof (c), sizeof (pp));
	exit(0);
}
