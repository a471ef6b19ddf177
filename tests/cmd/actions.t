# SPDX-License-Identifier: GPL-2.0-or-later
# What the consumer does for a program: commands, files, options; and -x options that only a session shows.
traced t -wqn 'BEGIN{ printf("one "); system("echo two-%d", 2); system("exit 7"); printf("three\n"); exit(0); }' ||
	fail "system(): $(cat t.err)"
same "system()" "$(tr -s '\n' '|' <t.out)" 'one two-2|three|'
traced t -wqn "BEGIN{ trace(\"a\"); freopen(\"$PWD/x.%s\", \"y\"); trace(\"b\"); freopen(\"\"); trace(\"c\"); exit(0); }"
same "freopen()" "$(cat t.out)/$(cat x.y)" "ac/b"
traced t -wqo file -n 'BEGIN{ trace("gone"); ftruncate(); trace("kept"); exit(0); }' || fail "$(cat t.err)"
same "ftruncate()" "$(cat file)" kept
# A command that takes longer than the kernel waits for a silent consumer.
LIMIT=90 traced t -wqn 'BEGIN{ system("sleep 35"); } tick-1s/ ++n > 2 /{ exit(0); }' || fail "a long command: $(cat t.err)"
traced t -n 'BEGIN{ setopt("quiet"); } tick-50ms/ ++n == 3 /{ printf("said"); exit(0); }' || fail "$(cat t.err)"
same "what setopt(quiet) leaves" "$(tail -n 1 t.out | sed 's/.*:BEGIN //')" said
! grep -q ':tick' t.out || fail "setopt(quiet): $(cat t.out)"
# The first error ends it, with the status asked for.
traced t -x errexit=9 -qn 'tick-50ms{ trace(*(int *)16); }'; same "errexit" $? 9
traced t -x errexit -qn 'tick-50ms{ trace(*(int *)16); }'; same "errexit" $? 1
# In the order of time across CPUs.
traced t -x temporal -qn 'profile-97{ printf("%d\n", timestamp); } tick-2s{ exit(0); }' || fail "$(cat t.err)"
grep . t.out >times
[ "$(wc -l <times)" -gt 50 ] || fail "few records: $(wc -l <times)"
sort -n times | cmp -s - times || fail "not in the order of time"
# The environment of the program, and of dtrace.
env >before
DTT=here traced t -x setenv=DTT_A=b -x unsetenv=DTT -qn 'BEGIN{}' -c 'sh -c "env >after; echo $DTT_A,${DTT-gone}"' || fail "$(cat t.err)"
same "setenv, unsetenv" "$(grep , t.out)" b,gone
same "the rest of the environment" "$(grep -v ^_= before | sort)" "$(grep -Ev '^(_|DTT_A)=' after | sort)"
DTRACE_OPT_QUIET= traced t -n 'BEGIN{ trace("q"); exit(0); }'; same "DTRACE_OPT_QUIET" "$(cat t.out)" q
