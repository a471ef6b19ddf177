# SPDX-License-Identifier: GPL-2.0-or-later
# vtimestamp, against the scheduler's own account of a thread's time.
[ -r /proc/self/schedstat ] || skip "the kernel tells no thread's time on a CPU (CONFIG_SCHED_INFO)"
trap 'kill -KILL $BUSY 2>/dev/null' EXIT
bash -c 'while :; do :; done' & BUSY=$!
sleep 1
# It lies between what the scheduler said before and says after.
before=$(cut -d' ' -f1 "/proc/$BUSY/schedstat")
traced vt -qn 'BEGIN { n = 0; first = vtimestamp; } profile-97 / pid == $1 / { last = vtimestamp; if (!n) { first = last; } n = n + 1; }
	tick-500ms / n > 10 / { exit(0); } END { printf("%d %d\n", first, last); }' "$BUSY"
sleep 0.2
after=$(cut -d' ' -f1 "/proc/$BUSY/schedstat")
read -r first last <vt.out
[ "$before" -le "$first" ] && [ "$first" -lt "$last" ] && [ "$last" -le "$after" ] ||
	fail "vtimestamp: $before <= $first < $last <= $after does not hold"

# The time of firings is left out, in however many stretches: each turn sleeps, so that the
# thread is switched, and a firing of 1 ms comes with it. The scheduler counts it all.
kill -KILL $BUSY
start copied "$T/copied"
before=$(cut -d' ' -f1 "/proc/$PID/schedstat")
traced less -w -qn 'BEGIN { n = 0; } pid$target::touched:entry / !n / { first = vtimestamp; }
	pid$target::touched:entry { ++n; last = vtimestamp; chill(1000000); }
	pid$target::touched:entry / n == 101 / { exit(0); } END { printf("%d %d\n", last >= first, last - first); }' -p "$PID"
after=$(cut -d' ' -f1 "/proc/$PID/schedstat")
kill -KILL "$PID"
quiet less
read -r forward took <less.out
[ "$forward" = 1 ] && [ $((after - before)) -ge 100000000 ] && [ "$took" -gt 0 ] && [ "$took" -lt $(((after - before) / 2)) ] ||
	fail "of $((after - before)) ns, 100 ms and more of them in firings, vtimestamp tells $took"
