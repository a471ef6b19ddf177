# SPDX-License-Identifier: GPL-2.0-or-later
# -x cpu: only that CPU is traced, and ticks are seen there, by each consumer as often as by any other.
ncpus=$(getconf _NPROCESSORS_ONLN)
[ "$ncpus" -ge 2 ] || skip "one CPU is all there is"
tick='BEGIN { t = timestamp; } tick-50ms { ++n; @[cpu] = count(); } tick-50ms / n == 20 / { exit(0); }
	END { printf("%d %d\n", n, (timestamp - t) / 1000000); printa("cpu %d %@d\n", @); }'

# All at once, on every CPU, and one that traces them all.
traced all -qn "$tick" & pids=$!
for c in $(seq 0 $((ncpus - 1))); do
	traced "on$c" -x cpu="$c" -qn "$tick" & pids="$pids $!"
done
for p in $pids; do wait "$p" || fail "a dtrace ended with $?"; done
for c in $(seq 0 $((ncpus - 1))); do
	same "ticks, and where they were" "$(sed -n 's/^cpu //p' "on$c.out")" "$c 20"
done
same "ticks where all are traced" "$(awk '/^cpu/ { n += $3 } END { print n }' all.out)" 20
# No tick came twice: 20 of them take 19 intervals at least, whatever else is armed.
for f in all.out on*.out; do
	read -r n ms < <(grep '^[0-9]' "$f")
	[ "$n" = 20 ] && [ "$ms" -ge 950 ] || fail "$f: $n ticks of 50 ms in $ms ms"
done

# BEGIN and END are recorded there, too, and nothing of another CPU is.
traced only -x cpu=1 -qn 'BEGIN, END { printf("%d ", cpu); } profile-199 { @[cpu] = count(); } tick-500ms { exit(0); } END { printa("[%d] ", @); }'
same "only CPU 1" "$(cat only.out)" "1 1 [1] "

# The CPU that ticks fire on goes and comes again: whoever traces all of them goes on without a gap.
off=/sys/devices/system/cpu/cpu1/online
[ -w $off ] || exit 0
dtrace -x switchrate=2hz -qn 'BEGIN { t = timestamp; printf("armed\n"); } tick-200ms { ++n; printf("%d\n", n); }
	END { printf("end %d %d\n", n, (timestamp - t) / 200000000); }' >hot.out 2>hot.err & H=$!
dtrace -x cpu=1 -x switchrate=2hz -qn 'BEGIN { printf("armed\n"); } tick-200ms { ++n; printf("%d\n", n); }' >one.out 2>one.err & O=$!
awaits hot.out '^3$'; awaits one.out '^3$'
trap 'echo 1 >/sys/devices/system/cpu/cpu0/online; echo 1 >$off' EXIT
for c in 0 1; do
	[ -w /sys/devices/system/cpu/cpu$c/online ] || continue
	echo 0 >/sys/devices/system/cpu/cpu$c/online
	n=$(grep -c . hot.out)
	awaits hot.out "^$((n + 5))\$"
	echo 1 >/sys/devices/system/cpu/cpu$c/online
done
n=$(grep -c . one.out)
awaits one.out "^$((n + 5))\$"	# its CPU is back, and so are its ticks
kill -INT $H $O
wait $H; wait $O
# Ticks, and those that are said to have come too late: all that there was time for.
read -r _ n all < <(grep ^end hot.out)
lost=$(awk '/could not deliver/ { n += $2 } END { print n + 0 }' hot.err)
[ $((all - n - lost)) -ge -1 ] && [ $((all - n - lost)) -le 1 ] || fail "$n ticks and $lost drops in $all intervals"
