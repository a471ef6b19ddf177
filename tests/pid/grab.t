# SPDX-License-Identifier: GPL-2.0-or-later
# -p: counts from the moment dtrace is ready until it ends; the target lives on, restored.
mkfifo in
"$T/sleeper" <in >s.out & PID=$!
exec 9>in
awaits s.out ready
dtrace -n 'pid$target:a.out:work:entry{ @ = count(); } END{ printa("calls %@d\n", @); }' -p $PID >d.out 2>d.err 9>&- & D=$!
awaits d.err matched
sleep 1
printf 'abcdefghij' >&9
sleep 2
kill -INT $D; wait $D || fail "dtrace ended with $?: $(cat d.err)"
grep -q 'calls 10$' d.out || fail "10 calls expected: $(cat d.out d.err)"
restored $PID
printf 'xyz' >&9
exec 9>&-
wait $PID || fail "the target died"
grep -qx 13 s.out || fail "the target lost calls: $(cat s.out)"
