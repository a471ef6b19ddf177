# SPDX-License-Identifier: GPL-2.0-or-later
# An IFUNC's name means the implementation that the process uses: calls counted are calls made.
traced t -qn 'pid$target:a.out:impl_a:entry{ @[probefunc] = count(); } END{ printa("%s entry %@d\n", @); }' -c "$T/counted-pie" || fail "$(cat t.err)"
quiet t
want=$(awk '$1 == "impl_a" { print $3 }' truth)
grep -q "impl_a entry $want" t.out || fail "want $want: $(cat t.out)"
