# SPDX-License-Identifier: GPL-2.0-or-later
# gdb's breakpoints work in a process that is traced, and gdb leaves it alive.
command -v gdb >/dev/null || skip "gdb is not installed"
start h "$T/hammer" 1
dtrace -qn 'pid$target:a.out:spin_a:entry{ @ = count(); } BEGIN{ printf("go\n"); } END{ printa("calls %@d\n", @); }' -p $PID >d.out 2>d.err & D=$!
awaits d.out go
timeout 100 gdb -q -batch -p $PID -ex 'handle SIGPROF nostop noprint pass' -ex 'break spin_e' -ex continue -ex 'bt 2' -ex delete -ex detach >g.out 2>&1 </dev/null ||
	fail "gdb: $(tail -n 5 g.out)"
grep -q 'Breakpoint 1, .*spin_e' g.out || fail "gdb did not stop at its breakpoint: $(tail -n 5 g.out)"
kill -INT $D; wait $D || fail "dtrace: $(cat d.err)"
grep -Eq 'calls [1-9]' d.out || fail "nothing counted: $(cat d.out d.err)"
restored $PID
kill $PID; wait $PID || fail "the target died: $(cat h.out)"
