# SPDX-License-Identifier: GPL-2.0-or-later
# A thousand short lives, children of a traced interpreter and its replacements by exec: each does what it does alone, none
# is left, nor is anything of theirs in the kernel.
. "$here/python/lib.sh"
pythons | grep ' / ' | head -n 1 >list
[ -s list ] || skip "no interpreter that runs without chroot"
read -r name root exe <list
ready /
D='python$target:::function-entry{ @[copyinstr(arg1)] = count(); } python$target:::function-return{ @r = count(); }
	python$target:::exception-raise{ @e = count(); }'

traced warm -qZn "$D" -c "$exe -S -c pass" || fail "$(cat warm.err)"
held=$(holds)
LIMIT=300 traced brood -qZn "$D" -c "$exe $PROGRAMS/brood.py 830 80 60"
same "children that failed" "$(grep -a ^bad brood.out)" "bad 0"
quiet brood
# Its own calls are counted, its children's are not.
same "calls of forked" "$(awk '$1 == "forked" { print $2 }' brood.out)" 910
nothing_left "after children"

# Sixty programs in one process: half of them interpreters.
cat >chain.sh <<-S
	n=\$1
	[ \$n -gt 0 ] || { echo chain ends; exit 7; }
	exec $exe -S -c "
	import os
	def f(): pass
	for i in range(3): f()
	os.execv('/bin/sh', ['sh', '$PWD/chain.sh', '\$((n - 1))'])"
S
sed -i 's/^\t//' chain.sh
LIMIT=300 traced chain -qZn 'python$target:::function-entry/copyinstr(arg1) == "f"/{ @ = count(); } END{ printa("calls %@d\n", @); }' -c "sh chain.sh 30"
quiet chain
grep -q '^chain ends' chain.out || fail "the chain broke: $(cat chain.out)"
same "calls in a chain of programs" "$(grep ^calls chain.out)" "calls 90"
nothing_left "after execs"
