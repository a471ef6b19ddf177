# SPDX-License-Identifier: GPL-2.0-or-later
# Tracepoints whose recipes say whether a probe fires: decisions, memory that is absent, semaphores, nonsense.
"$T/recipes" >r.out 2>r.err || fail "$(grep FAIL r.out; tail -n 5 r.err)"
same "tests that ran" "$(grep -c ^ok r.out)" 6
