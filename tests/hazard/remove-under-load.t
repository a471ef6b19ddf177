# SPDX-License-Identifier: GPL-2.0-or-later
# Probes come and go while threads run through them: the program never notices, its text is restored each time.
# (Ticks begin when they are enabled, so that the first may come as soon as tracing begins, the third not.)
start h "$T/hammer" 3
for i in $(seq 25); do
	timeout 60 dtrace -qn 'pid$target:a.out::entry,pid$target:a.out::return{ @ = count(); } tick-50ms/++n == 3/{ exit(0); }' -p $PID >d.out 2>d.err ||
		fail "round $i: $(cat d.err)"
	grep -Eq '[1-9]' d.out || fail "round $i counted nothing"
	restored $PID
done
kill $PID; wait $PID || fail "the target: $(cat h.out)"
grep -qx alive h.out || fail "$(cat h.out)"
