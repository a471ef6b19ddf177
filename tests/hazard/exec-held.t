# SPDX-License-Identifier: GPL-2.0-or-later
# A program that waits, after an exec, for its probes: who holds it, and itself, may die or stop
# at any time, and nobody is held up.
WORK='pid$target:a.out:work:entry,pid$target:a.out:work:return{ @[probename] = count(); }
	END{ printa("%s %@d\n", @); }'
counts() { awk '{ print $1, $2 }' | sort | tr '\n' ' '; }

held_shell() {	# a shell that says ready and, at a line on its standard input, becomes execer 0
	rm -f go; mkfifo go
	start s bash -c "exec 3<>go; echo ready; read -r -u 3; exec $T/execer 0"
	dtrace -qZn "$WORK BEGIN{ printf(\"go\\n\"); }" -p $PID >d.out 2>d.err & D=$!
	awaits d.out go
}
stands() {	# the new program is there, and has not begun
	for _ in $(seq 400); do
		[ "$(readlink /proc/$PID/exe)" = "$(realpath "$T/execer")" ] && return 0
		sleep 0.05
	done
	fail "no exec happened: $(cat s.out s.err)"
}

held_shell; echo >go; wait $PID
wait $D || fail "dtrace: $(cat d.err)"
same 'a shell that was grabbed' "$(grep -E '^(entry|return) ' d.out | counts)" 'entry 10 return 10 '
[ ! -s d.err ] || fail "dtrace said: $(cat d.err)"

held_shell	# two consumers, either of them: both count all
dtrace -qZn "$WORK BEGIN{ printf(\"go\n\"); }" -p $PID >e.out 2>e.err & E=$!
awaits e.out go
echo >go; wait $PID
wait $D && wait $E || fail "two dtraces: $(cat d.err e.err)"
for f in d e; do
	same "two dtraces, $f" "$(grep -E '^(entry|return) ' $f.out | counts)" 'entry 10 return 10 '
	[ ! -s $f.err ] || fail "dtrace said: $(cat $f.err)"
done

held_shell; kill -STOP $D; echo >go; stands
grep -q 'execer: end' s.out && fail "it did not wait"
kill -KILL $D; wait $PID; same 'its status when dtrace was killed' $? 5
grep -q 'execer: end' s.out || fail "it did not go on: $(cat s.out)"

held_shell; kill -STOP $D; echo >go; stands
kill -KILL $PID; wait $PID; same 'its status when it was killed' $? 137
kill -CONT $D; wait -f $D || fail "dtrace: $(cat d.err)"

held_shell; kill -STOP $D; echo >go; stands
wait $PID; same 'its status when dtrace was stopped' $? 5
kill -CONT $D; wait -f $D || fail "dtrace: $(cat d.err)"
grep -q 'nothing of that was counted' d.err || fail "not a word: $(cat d.err d.out)"

# Arming and disarming while it execs.
for i in $(seq 6); do
	"$T/execer" 30 >x.out & PID=$!
	timeout -k 5 60 dtrace -qZn "$WORK tick-$((i * 20))ms{ exit(0); }" -p $PID >t.out 2>t.err
	[ $? -le 1 ] || fail "dtrace hung: $(cat t.err)"
	wait $PID; same "status after exec storm $i" $? 5
done
