# SPDX-License-Identifier: GPL-2.0-or-later
# ustack() follows frame pointers and resolves names; malloc's sizes by stack in a python nobody rebuilt.
traced t -qn 'pid$target:a.out:leaf:entry{ @[ustack(3)] = count(); }' -c "$T/counted-fp" || fail "$(cat t.err)"
quiet t
grep -q 'counted-fp`leaf$' t.out && grep -q 'counted-fp`worker+0x' t.out || fail "stack: $(head -n 20 t.out)"
traced p -qn 'pid$target:libc:malloc:entry{ @[ustack(5)] = quantize(arg0); }' -c "/usr/bin/python3 -c 'print(sum(range(10)))'" || fail "$(cat p.err)"
grep -q 'libc.so.6`malloc$' p.out && grep -q 'Distribution' p.out && grep -qx 45 p.out || fail "$(head -n 30 p.out) $(cat p.err)"
