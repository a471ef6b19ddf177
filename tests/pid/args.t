# SPDX-License-Identifier: GPL-2.0-or-later
# Arguments at entry (registers and stack), the value and the offset at return.
traced t -qn 'pid$target:a.out:many_args:entry{ @a[arg0, arg5] = sum(arg6 * 1000 + arg7); }
	pid$target:a.out:recurse:return{ @r = max(arg1); @o[arg0] = count(); }
	END{ printa("args %d %d %@d\n", @a); printa("max %@d\n", @r); }' -c "$T/counted-pie" || fail "$(cat t.err)"
quiet t
# 4 threads * sum over i<200 of (i*1000 + i), and one call with 7, 8
same args "$(awk '/^args/ { print $2, $3, $4 }' t.out)" "1 6 $((4 * 199 * 100 * 1001 + 7008))"
grep -q '^max 300$' t.out || fail "recurse returns at most 300: $(cat t.out)"
