# SPDX-License-Identifier: GPL-2.0-or-later
# The default output has the Guide's columns; so have lists and aggregations.
traced t -n 'BEGIN{ trace("hello"); exit(0); }' || fail "$(cat t.err)"
grep -Eq "^dtrace: description 'BEGIN' matched 1 probe$" t.err || fail "$(cat t.err)"
grep -Eq '^CPU +ID +FUNCTION:NAME$' t.out || fail "header: $(cat t.out)"
grep -Eq '^ +[0-9]+ +1 +:BEGIN +hello' t.out || fail "line: $(cat t.out)"
traced l -l -n dtrace:::BEGIN || fail "$(cat l.err)"
grep -Eq '^ +ID +PROVIDER +MODULE +FUNCTION NAME$' l.out && grep -Eq '^ +1 +dtrace +BEGIN$' l.out || fail "$(cat l.out)"
traced a -qn 'BEGIN{ @a["one"] = count(); @a["two"] = sum(5); @q = quantize(3); @q = quantize(100); exit(0); }' 2>/dev/null
traced a -qn 'BEGIN{ @a["b"] = sum(5); @a["a"] = sum(9); @a["c"] = sum(2); exit(0); }' || fail "$(cat a.err)"
same "sorted by value" "$(awk 'NF { print $1, $2 }' a.out | tr '\n' ' ')" "c 2 b 5 a 9 "
traced q -qn 'BEGIN{ @ = quantize(3); @ = quantize(3); @ = quantize(100); exit(0); }' || fail "$(cat q.err)"
grep -q '           value  ------------- Distribution ------------- count    ' q.out || fail "$(cat q.out)"
grep -Eq '^ +2 \|@{27} +2 +$' q.out || fail "$(cat q.out)"
# Several aggregations in one printa: rows by the first one's value, none being zero, then by the others'.
traced t -qn 'BEGIN{ @a["x"] = sum(1); @a["y"] = sum(-5); @b["x"] = sum(2); @b["y"] = sum(3); @b["z"] = sum(9); @b["a"] = sum(10);
	printa("%s %@d %@d;", @a, @b); clear(@a); clear(@b); exit(0); }' || fail "$(cat t.err)"
grep -q '^y -5 3;z 0 9;a 0 10;x 1 2;' t.out || fail "joined rows: $(cat t.out)"
