# SPDX-License-Identifier: GPL-2.0-or-later
# vtimestamp, against the scheduler's own account of a thread's time.
[ -r /proc/self/schedstat ] || skip "the kernel tells no thread's time on a CPU (CONFIG_SCHED_INFO)"
trap 'kill -KILL $BUSY 2>/dev/null' EXIT
bash -c 'while :; do :; done' & BUSY=$!
sleep 1
# It lies between what the scheduler said before and says after.
before=$(cut -d' ' -f1 "/proc/$BUSY/schedstat")
traced vt -qn 'BEGIN { n = 0; first = vtimestamp; } profile-97 / pid == $1 / { last = vtimestamp; if (!n) { first = last; } n = n + 1; }
	tick-500ms { exit(0); } END { printf("%d %d\n", first, last); }' "$BUSY"
sleep 0.2
after=$(cut -d' ' -f1 "/proc/$BUSY/schedstat")
read -r first last <vt.out
[ "$before" -le "$first" ] && [ "$first" -lt "$last" ] && [ "$last" -le "$after" ] ||
	fail "vtimestamp: $before <= $first < $last <= $after does not hold"
