# exec drops the probes with the old text; the program runs to its end. dtrace places them
# anew in what runs then, in a race with it, and says so.
traced t -n 'pid$target:a.out:work:entry{ @ = count(); } END{ printa("calls %@d\n", @); }' -c "$T/execer 3"
grep -q 'execer: end' t.out || fail "the program did not end: $(cat t.out t.err)"
n=$(sed -n 's/.*calls \([0-9]*\)$/\1/p' t.out)
[ "${n:-0}" -ge 10 ] && [ "$n" -le 40 ] || fail "10 calls before the exec, 30 after: $(cat t.out)"
[ "$n" = 10 ] || grep -q 'runs another program now' t.err || fail "$n calls, and no word of the exec: $(cat t.err)"
