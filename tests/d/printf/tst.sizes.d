/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A size asks for one type; long and long long are one, and for x signs do not matter. */
BEGIN
{
	printf("%hhd %hhi %hhu %hho %hhx %hhX\n", (char)-1, (int8_t)-2, (uint8_t)200, (unsigned char)8, (char)10, (uint8_t)11);
	printf("%hd %hi %hu %ho %hx %hX\n", (short)-1, (int16_t)-2, (uint16_t)60000, (ushort_t)8, (short)10, (uint16_t)11);
	printf("%ld %li %lu %lo %lx %lX\n", -1l, (int64_t)-2, (uint64_t)3, (size_t)8, 10l, 11ul);
	printf("%lld %lli %llu %llo %llx %llX\n", -1ll, (int64_t)-2, (uint64_t)3, 8ull, 10l, 11ul);
	printf("%wc%lc%d%d\n", 'x', 0x79, (char)-3, (uint64_t)-3);
	@[(short)1, -2l] = sum(5);
	printa("%hd %lld %@lld\n", @);
	exit(0);
}
