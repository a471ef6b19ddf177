# SPDX-License-Identifier: GPL-2.0-or-later
# Kinds of loss that tests/cmd/drops.t and tests/engine/speculation.t do not provoke.
traced dbl -qn 'BEGIN { trace(*(int *)8); } ERROR { trace(*(int *)16); } tick-200ms { exit(0); }'
grep -q '^dtrace: 1 error in ERROR probe enabling' dbl.err || fail "double error: $(cat dbl.err)"

# Freed, but the cleaner comes too late: dirty.
body='BEGIN { x[++i] = 1; x[i] = 0; } '
traced dirty -x dynvarsize=4k -x cleanrate=10s -qn "$(for _ in $(seq 200); do echo "$body"; done) BEGIN { exit(0); }"
grep -Eq '^dtrace: [0-9]+ dynamic variable drops? with non-empty dirty list' dirty.err || fail "dirty: $(cat dirty.err)"
