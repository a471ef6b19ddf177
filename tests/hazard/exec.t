# exec drops the probes with the old text; the program runs to its end with its status.
traced t -n 'pid$target:a.out:work:entry{ @ = count(); } END{ printa("calls %@d\n", @); }' -c "$T/execer 3"
grep -q 'execer: end' t.out || fail "the program did not end: $(cat t.out t.err)"
grep -Eq 'calls (10|40)$' t.out || fail "10 calls (before the exec), or 40 if exec is followed: $(cat t.out)"
