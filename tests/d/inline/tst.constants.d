/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int FIVE = 5;
inline int TEN = FIVE * 2;
inline string NAME = "name";
inline uint64_t BIG = 0xffffffffffffffff;
inline char C = 'c';
typedef int myint;
inline myint TYPED = -1;

BEGIN
/FIVE == 5/
{
	printf("%d %d %s %u %c %d\n", FIVE, TEN, NAME, BIG, C, TYPED);
	x[NAME] = TEN;
	printf("%d\n", x["name"] + FIVE);
	exit(0);
}
