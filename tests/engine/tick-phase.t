# SPDX-License-Identifier: GPL-2.0-or-later
# However long it takes to arm what a program names, its first tick comes one interval after it began to trace.
for run in 1 2 3 4 5 6; do
	traced t -qn 'BEGIN { t = timestamp; } pid$target:::entry { @ = count(); } tick-500ms { printf("%d\n", (timestamp - t) / 1000000); exit(0); }' -c 'sleep 60' ||
		fail "$(cat t.err)"
	ms=$(grep -m 1 '^[0-9]' t.out)
	[ "$ms" -ge 490 ] || fail "run $run: the first tick came $ms ms after BEGIN"
done
