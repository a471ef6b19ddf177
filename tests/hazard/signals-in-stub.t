# SPDX-License-Identifier: GPL-2.0-or-later
# A signal handler never sees a pc outside the program's own text, though threads spend their time in stubs.
start h "$T/hammer" 2
LIMIT=60 traced t -qn 'pid$target:a.out::entry,pid$target:a.out::return{ @ = count(); } tick-10s{ exit(0); }' -p $PID || fail "$(cat t.err)"
kill $PID; wait $PID || fail "$(cat h.out)"
grep -qx alive h.out || fail "$(cat h.out)"
