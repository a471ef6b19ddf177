# SPDX-License-Identifier: GPL-2.0-or-later
# dtrace killed a hundred times under load: the target lives on with its text restored.
start h "$T/hammer" 2
for i in $(seq 100); do
	dtrace -qn 'pid$target:a.out::entry,pid$target:a.out::return,pid$target:libc:m*:entry{ @[probefunc] = count(); } BEGIN{ printf("go\n"); }' -p $PID >d.out 2>d.err & D=$!
	# a third of them die while still arming
	if [ $((i % 3)) = 0 ]; then sleep 0.$((RANDOM % 10))$((RANDOM % 10)); else awaits d.out go; fi
	kill -KILL $D; wait $D 2>/dev/null
	kill -0 $PID || fail "the target died in round $i: $(cat h.out)"
	restored $PID
done
kill $PID; wait $PID || fail "the target: $(cat h.out)"
grep -qx alive h.out || fail "$(cat h.out)"
