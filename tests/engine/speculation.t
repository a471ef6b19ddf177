# SPDX-License-Identifier: GPL-2.0-or-later
# Speculations: what is committed comes out, what is discarded does not, and failures are counted.

# What the machine was too slow to deliver is not the engine's affair.
lossless() { if grep -v 'could not deliver' "$1.err"; then fail "$1: $(cat "$1.err")"; fi; }

# One of ten is committed, with all that its clauses recorded; the others leave nothing.
traced ten -qn '
	BEGIN { i = 0; }
	tick-20ms / i < 10 / { i++; spec = speculation(); }
	tick-20ms / spec / { speculate(spec); printf("a%d ", i); }
	tick-20ms / spec / { speculate(spec); printf("b%d\n", i); }
	tick-20ms / spec && i == 7 / { commit(spec); spec = 0; }
	tick-20ms / spec / { discard(spec); spec = 0; }
	tick-20ms / i == 10 / { exit(0); }'
lossless ten
same "committed" "$(cat ten.out)" "a7 b7"

# Two CPUs record, one commits: both parts come out, each in its order.
cpus=$(nproc)
[ "$cpus" -ge 2 ] || skip "one CPU"
traced two -x cleanrate=10hz -qn '
	BEGIN { spec = speculation(); n[-1] = 0; }
	profile-97 / spec && n[cpu] < 5 / { speculate(spec); printf("cpu %d #%d\n", cpu, n[cpu]); }
	profile-97 / spec && n[cpu] < 5 / { n[cpu]++; }
	tick-1s { commit(spec); spec = 0; }
	tick-1500ms { exit(0); }'
lossless two
for c in $(seq 0 $((cpus - 1))); do
	same "records of CPU $c" "$(grep "^cpu $c " two.out | tr '\n' ',')" "cpu $c #0,cpu $c #1,cpu $c #2,cpu $c #3,cpu $c #4,"
done
same "lines" "$(grep -c . two.out)" $((5 * cpus))

# What is committed by END, and what waits for the cleaner when tracing stops, is not lost.
traced end -x cleanrate=1s -qn '
	BEGIN { spec = speculation(); n[-1] = 0; }
	profile-97 / spec && !n[cpu] / { n[cpu] = 1; speculate(spec); printf("on %d\n", cpu); }
	tick-500ms { exit(0); }
	END { commit(spec); }'
same "committed by END" "$(grep . end.out | sort)" "$(for c in $(seq 0 $((cpus - 1))); do echo "on $c"; done | sort)"

# if: what follows speculate() is speculative on both sides and after.
traced if -qn '
	BEGIN { s = speculation(); t = 1; }
	BEGIN { if (t) { speculate(s); printf("yes "); } else { printf("no "); } printf("after\n"); }
	BEGIN { if (!t) { speculate(s); } printf("plain\n"); }
	tick-100ms { commit(s); }
	tick-300ms { exit(0); }'
lossless if
same "if" "$(grep . if.out | tr '\n' ' ')" "plain yes after "

# One speculation: the second has none. Two: both, and the ids differ.
traced none -qn 'BEGIN { a = speculation(); b = speculation(); printf("%d %d\n", a, b); exit(0); }'
same "ids" "$(cat none.out)" "1 0"
grep -q '^dtrace: 1 failed speculation (no speculative buffer available)' none.err || fail "unavailable: $(cat none.err)"
traced both -x nspec=2 -qn 'BEGIN { printf("%d %d\n", speculation(), speculation()); exit(0); }'
quiet both
same "ids of two" "$(cat both.out)" "1 2"

# Discarded, not cleaned yet: busy.
traced busy -x cleanrate=10s -qn '
	BEGIN { s = speculation(); discard(s); t = speculation(); printf("%d\n", t); exit(0); }'
same "busy" "$(cat busy.out)" "0"
grep -q '^dtrace: 1 failed speculation (available buffer(s) still busy)' busy.err || fail "busy: $(cat busy.err)"

# A record that does not fit in the speculation, and a speculation that does not fit in the buffer.
traced small -x specsize=24 -qn 'BEGIN { s = speculation(); }
	BEGIN { speculate(s); printf("%d %d %d", 1, 2, 3); } BEGIN { commit(s); } tick-50ms { exit(0); }'
grep -q '^dtrace: 1 speculative drop' small.err || fail "specsize: $(cat small.err)"
body='BEGIN { speculate(s); printf("%s", "0123456789012345678901234567890123456789"); }'
traced big -b 4k -x bufsize=1024 -qn "BEGIN { s = speculation(); } $body $body $body $body $body BEGIN { commit(s); }
	tick-50ms { exit(0); }"
grep -Eq '^dtrace: 5 drops on CPU' big.err || fail "drops: $(cat big.err)"

# An id that never was is an error, 0 is not.
traced bad -qn 'BEGIN { speculate(0); printf("no"); } BEGIN { commit(0); discard(0); }
	BEGIN { speculate(77); printf("no"); } BEGIN { exit(0); }'
same "nothing" "$(grep . bad.out)" ""
grep -q 'illegal operation' bad.err || fail "id 77: $(cat bad.err)"

# A clause that only speculates shows its line; the ones that commit and discard none.
traced line -n 'BEGIN { s = speculation(); } BEGIN { speculate(s); } BEGIN { commit(s); } BEGIN { discard(s); } tick-50ms { exit(0); }'
same "lines" "$(grep -c :BEGIN line.out)" 1
