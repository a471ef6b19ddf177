# SPDX-License-Identifier: GPL-2.0-or-later
# Many short programs one after the other: each counted exactly, nothing left in the module.
for i in $(seq 15); do
	traced t -qn 'pid$target:a.out:leaf:entry{ @ = count(); } END{ printa("n %@d\n", @); }' -c "$T/counted-pie 5" || fail "round $i: $(cat t.err)"
	grep -q "^n $(awk '$1 == "leaf" { print $3 }' truth)\$" t.out || fail "round $i: $(cat t.out)"
done
same "users of the module" "$(awk '$1 == "dtrace" { print $3 }' /proc/modules)" 0
