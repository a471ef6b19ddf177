# SPDX-License-Identifier: GPL-2.0-or-later
# Every conversion of printf, exactly.
traced p -qn 'BEGIN {
	printf("%d %i %u %x %X %#x %o\n", -1, -1, -1, -1, 255, 255, 8);
	printf("%d %d %d\n", (uint64_t)-1, (unsigned char)200, (short)-2);
	printf("[%5d|%-5d|%05d|%+d|% d|%*d|%-*d]\n", 1, 2, 3, 4, 5, 4, 6, 4, 7);
	printf("[%s|%6s|%-6s|%.2s|%.*s]\n", "abc", "abc", "abc", "abc", 1, "abc");
	printf("%S %C%C\n", "a\tb\1", 65, 10);
	printf("%c%c%3c%%\n", 97, 98, 99);
	printf("%?p %p\n", (void *)4096, (void *)255);
	printf("%wc%lc\n", 0xe9, 0x4e2d);
	printf("%hd %ld %lld %hhx\n", (short)1, 2l, 3ll, (char)4);
	printf("%P %I\n", (uint16_t)64999, "nonsense");
	printf("%Y %T\n", 1062512890000000000, 1062512890000000000);
	exit(0);
}' || fail "$(cat p.err)"
quiet p
export TZ=UTC
traced q -qn 'BEGIN { printf("%Y|%T\n", 1062512890000000000, 1062512890000000000); exit(0); }' || fail "$(cat q.err)"
same "the output" "$(head -n 10 p.out)" '-1 -1 4294967295 ffffffff FF 0xff 10
18446744073709551615 200 -2
[    1|2    |00003|+4| 5|   6|7   ]
[abc|   abc|abc   |ab|a]
a\tb\001 A\n
ab  c%
            1000 ff
é中
1 2 3 4
64999 nonsense'
same "times" "$(head -n 1 q.out)" '2003 Sep  2 14:28:10|Tue, 02 Sep 2003 14:28:10 UTC'

# An address of the kernel by its symbol, as /proc/kallsyms has it.
addr=$(awk '$3 == "vfs_read" && !$4 { print $1; exit }' /proc/kallsyms)
[ -n "$addr" ] || fail "no vfs_read in kallsyms"
traced a -qn "BEGIN { printf(\"%a %a\n\", 0x$addr, 0x$addr + 1); exit(0); }" || fail "$(cat a.err)"
same "%a" "$(head -n 1 a.out)" 'vmlinux`vfs_read vmlinux`vfs_read+0x1'

# Types are checked.
for bad in 'printf("%d", "x")' 'printf("%s", 1)' 'printf("%c", 1LL)' 'printf("%Y", (int)1)' 'printf("%k", 1)'; do
	traced bad -qen "BEGIN { $bad; }" -x errtags && fail "$bad compiles"
	grep -q 'D_PRINTF_ARG_TYPE' bad.err || fail "$bad: $(cat bad.err)"
done
