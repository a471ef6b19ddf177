# SPDX-License-Identifier: GPL-2.0-or-later
# A program that exits at once, one that is killed, one that exits from a thread: dtrace ends by itself with what was counted.
traced t -n 'pid$target:libc:exit:entry{ @ = count(); }' -c /bin/true || fail "exit at once: $(cat t.err)"
start h "$T/hammer" 2
dtrace -qn 'pid$target:a.out:spin_a:entry{ @ = count(); } BEGIN{ printf("go\n"); }' -p $PID >d.out 2>d.err & D=$!
awaits d.out go
sleep 0.5
kill -KILL $PID
for _ in $(seq 200); do kill -0 $D 2>/dev/null || break; sleep 0.1; done
kill -0 $D 2>/dev/null && fail "dtrace goes on although its process is dead"
wait $D || fail "status $?: $(cat d.err)"
grep -Eq '[1-9]' d.out || fail "nothing was printed: $(cat d.out)"
