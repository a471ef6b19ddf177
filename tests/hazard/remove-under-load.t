# Probes come and go while threads run through them: the program never notices, its text is restored each time.
start h "$T/hammer" 3
for i in $(seq 25); do
	timeout 60 dtrace -qn 'pid$target:a.out::entry,pid$target:a.out::return{ @ = count(); } tick-100ms{ exit(0); }' -p $PID >d.out 2>d.err ||
		fail "round $i: $(cat d.err)"
	grep -Eq '[1-9]' d.out || fail "round $i counted nothing"
	restored $PID
done
kill $PID; wait $PID || fail "the target: $(cat h.out)"
grep -qx alive h.out || fail "$(cat h.out)"
