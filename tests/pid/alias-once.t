# SPDX-License-Identifier: GPL-2.0-or-later
# A function asked for by its second name is counted under both, but a pattern that names no function counts it once.
grep -o . </etc/passwd >chars
traced t -qn 'pid$target:libc:__libc_malloc:entry{ @a = count(); }
	pid$target:libc:malloc:entry{ @b = count(); }
	pid$target:libc::entry/probefunc == "malloc" || probefunc == "__libc_malloc"/{ @c = count(); }
	END{ printa("%@d %@d %@d\n", @a, @b, @c); }' -c 'sort chars -o sorted' || fail "$(cat t.err)"
quiet t
read -r a b c <t.out
[ "$a" -gt 50 ] || fail "sort calls malloc more than '$a' times"
same "calls of malloc, of __libc_malloc, of any" "$a $b $c" "$a $a $a"
