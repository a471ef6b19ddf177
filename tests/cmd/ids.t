# SPDX-License-Identifier: GPL-2.0-or-later
# -i: probes by their ids, as -l shows them.
id() { awk -v n="$1" '$NF == n { print $1 }' list.out; }
traced list -lP dtrace
begin=$(id BEGIN) end=$(id END)
[ -n "$begin" ] && [ -n "$end" ] || fail "$(cat list.out)"
traced one -qi "$begin { printf(\"%d %s\", id, probename); exit(0); }"
quiet one
same "one id" "$(cat one.out)" "$begin BEGIN"
traced pred -qi "$begin / id == $begin / { printf(\"yes \"); } $begin / id == $end / { printf(\"no\"); } $begin { exit(0); }"
same "with predicates" "$(cat pred.out)" "yes "
traced two -qi "$begin, $end { printf(\"%s \", probename); }" -n 'BEGIN { exit(0); }'
same "two ids" "$(cat two.out)" "BEGIN END "
traced listed -li "$end"
same "listed" "$(tail -n +2 listed.out | awk '{ print $1, $2, $NF }')" "$end dtrace END"
traced none -i 4000000000 && fail "there is no such probe"
grep -q 'no probe with the id 4000000000' none.err || fail "$(cat none.err)"
for bad in BEGIN 1-2 '' 0x1; do
	traced bad -i "$bad"; [ $? = 2 ] || fail "-i '$bad' is accepted"
	grep -q '^dtrace: -i wants' bad.err || fail "-i '$bad': $(head -n 1 bad.err)"
done
