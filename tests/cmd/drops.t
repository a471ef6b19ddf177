# SPDX-License-Identifier: GPL-2.0-or-later
# What does not fit is counted and said: principal buffer, aggregation, dynamic variables; a bad address fires ERROR.
# Forty records of 256 bytes in one firing: no consumer is quick enough to make room.
record='BEGIN{ printf("%s\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); } '
traced p -b 4k -qn "$(for _ in $(seq 40); do echo "$record"; done) tick-1s{ exit(0); }"
grep -Eq '^dtrace: [0-9]+ drops? on CPU [0-9]' p.err || fail "principal drops: $(head -n 3 p.err)"
traced a -x aggsize=4k -qn 'profile-997{ @[timestamp] = count(); } tick-2s{ exit(0); }'
grep -Eq '^dtrace: [0-9]+ aggregation drops? on CPU [0-9]' a.err || fail "aggregation drops: $(head -n 3 a.err)"
traced d -x dynvarsize=4k -qn 'profile-997{ x[timestamp] = 1; } tick-2s{ exit(0); }'
grep -Eq '^dtrace: [0-9]+ dynamic variable drops' d.err || fail "dynamic drops: $(head -n 3 d.err)"
traced e -qn 'BEGIN{ trace(*(int *)8); } ERROR{ printf("error %d\n", arg4); exit(0); }'
grep -q 'error 1$' e.out && grep -q 'invalid address (0x8)' e.err || fail "$(cat e.out e.err)"
