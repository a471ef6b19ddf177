# SPDX-License-Identifier: GPL-2.0-or-later
# An argument that cannot be had reads as 0, and a place that cannot be traced does not fire: whoever uses them is told.
traced good -qn 'lacks$target:::odd { n++; all += arg0; } END { printf("%d %d", n, all); }' -c "$T/usdt/lacks" || fail "$(cat good.err)"
quiet good
same "what can be had" "$(cat good.out)" "10 45"
for arg in arg1 arg2 'args[2]'; do
	traced odd -qn "lacks\$target:::odd { all += $arg; n++; } END { printf(\"%d %d\", n, all); }" -c "$T/usdt/lacks" || fail "$(cat odd.err)"
	same "it reads as 0" "$(cat odd.out)" "10 0"
	why='the file does not say'
	[ $arg != arg1 ] || why='it is in %xmm'
	grep -q "arg[12] of lacks[0-9]*:lacks::odd reads as 0 where it cannot be had: $why" odd.err || fail "$arg: $(cat odd.err)"
	same "it is said once" "$(wc -l <odd.err)" 1
done
traced half -qn 'lacks$target:::half / arg0 < 10 / { n++; } END { printf("%d", n); }' -c "$T/usdt/lacks" || fail "$(cat half.err)"
same "the places that can be traced" "$(cat half.out)" 10
grep -q 'half cannot be traced at each of its places' half.err || fail "$(cat half.err)"
