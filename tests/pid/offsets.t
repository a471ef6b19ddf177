# SPDX-License-Identifier: GPL-2.0-or-later
# Offset probes fire once a call at each instruction that every call executes; "-" takes an address.
addr=$(nm "$T/counted-nopie" | awk '$3 == "leaf" { print $1 }')
traced t -qn 'pid$target:a.out:leaf:entry,pid$target:a.out:leaf:0{ @[probename] = count(); } END{ printa("leaf %s %@d\n", @); }' -c "$T/counted-nopie" ||
	fail "$(cat t.err)"
quiet t
want=$(awk '$1 == "leaf" { print $3 }' truth)
for p in entry 0; do grep -q "^leaf $p $want\$" t.out || fail "leaf:$p: want $want: $(cat t.out)"; done
offs=$(objdump -d --no-show-raw-insn "$T/counted-nopie" | awk -v a="$addr" '
	/^[0-9a-f]+ <leaf>:/ { on = 1; next } on && /^$/ { exit }
	on { sub(/:.*/, "", $1); if ($0 !~ /nop|cs nop|xchg *%ax,%ax/) print $1 }')
for o in $offs; do
	off=$(printf %x $((0x$o - 0x$addr)))
	traced t -qn "pid\$target:a.out:leaf:$off{ @ = count(); } END{ printa(\"n %@d\\n\", @); }" -c "$T/counted-nopie" || fail "$off: $(cat t.err)"
	want=$(awk '$1 == "leaf" { print $3 }' truth)
	grep -q "^n $want\$" t.out || fail "leaf:$off: want $want: $(cat t.out t.err)"
done
traced t -qn "pid\$target:a.out:-:$(printf %x 0x$addr){ @ = count(); } END{ printa(\"n %@d\\n\", @); }" -c "$T/counted-nopie" || fail "abs: $(cat t.err)"
grep -q "^n $(awk '$1 == "leaf" { print $3 }' truth)\$" t.out || fail "absolute address: $(cat t.out)"
