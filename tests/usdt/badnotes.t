# SPDX-License-Identifier: GPL-2.0-or-later
# One damaged note in some library of a process: the other probes are there, and it is said that not all are. Where there
# are no others, that is the reason why nothing matches.
export LD_PRELOAD=$T/usdt/badnotes.so
bad='1 of the notes about static probes in .*badnotes.so make no sense'
traced ok -qn 'lacks$target:::half { n++; } END { printf("%d", n); }' -c "$T/usdt/lacks" || fail "the others: $(cat ok.err)"
same "the others" "$(cat ok.out)" 10
grep -q "not all static probes are there: $bad" ok.err || fail "nothing is said: $(cat ok.err)"
traced none -qn 'nothere$target:::half { n++; }' -c "$T/usdt/lacks" && fail "there is no such probe"
grep -q "$bad" none.err || fail "why there is none: $(cat none.err)"
[ -x /usr/bin/python3 ] || skip "needs python3"
traced py -qn 'python$target:::function-entry { @ = count(); } END { printa("%@d", @); }' -c '/usr/bin/python3 -c 1' ||
	fail "python: $(cat py.err)"
[ "$(cat py.out)" -gt 0 ] || fail "no calls: $(cat py.out py.err)"
