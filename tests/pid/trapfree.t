# SPDX-License-Identifier: GPL-2.0-or-later
# Counting without a trap: -x trapfree, what -v says of it, and that a debugger makes the jumps go.
count='pid$target:a.out:spin_*:entry{ @[probefunc] = count(); } BEGIN{ printf("go\n"); } tick-200ms/++n == 5/{ exit(0); }'
start h "$T/hammer" 2

traced all -x trapfree=require -vqn "$count" -p $PID || fail "require: $(cat all.err)"
grep -Eq '^ +5 locations count without a trap, 0 trap' all.out all.err || fail "-v: $(cat all.out all.err)"
[ "$(grep -Ec 'spin_[a-e] +[1-9]' all.out)" = 5 ] || fail "not all were counted: $(cat all.out)"

traced none -x trapfree=off -vqn "$count" -p $PID || fail "off: $(cat none.err)"
grep -Eq '^ +0 locations count without a trap, 5 trap' none.out none.err || fail "-v: $(cat none.out none.err)"
[ "$(grep -Ec 'spin_[a-e] +[1-9]' none.out)" = 5 ] || fail "not all were counted: $(cat none.out)"

# What a jump cannot do is refused, with the reason.
traced more -x trapfree=require -qn 'pid$target:a.out:spin_a:entry{ @[arg0] = count(); }' -p $PID && fail "require let arg0 pass"
grep -q 'would trap.*more is asked' more.err || fail "require: $(cat more.err)"
restored $PID

# The jump is in the text while it counts, and gone while a debugger is there.
dtrace -x trapfree=require -qn 'pid$target:a.out:spin_a:entry{ @ = count(); } BEGIN{ printf("go\n"); }' -p $PID >d.out 2>d.err & D=$!
awaits d.out go
if command -v gdb >/dev/null; then
	timeout 100 gdb -q -batch -p $PID -ex 'x/1xb spin_a' -ex detach >g.out 2>&1 </dev/null
	grep -q 'spin_a>:.*0xcc' g.out || fail "a debugger saw $(grep spin_a g.out)"
fi
kill -INT $D; wait $D || fail "dtrace: $(cat d.err)"
restored $PID
kill $PID; wait $PID || fail "the target died: $(cat h.out)"
