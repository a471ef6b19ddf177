# SPDX-License-Identifier: GPL-2.0-or-later
# A library that comes, goes and comes again, whose probes nothing had at the start.
traced t -Zqn 'applib$target:::work { @[probemod, probefunc, stringof(copyinstr(arg1))] = count(); }' \
	-n 'applib$target:::asked { @asked = count(); }' \
	-n 'END { printa("%s %s %s %@d\n", @); printa("%@d\n", @asked); }' \
	-c "$T/usdt/opener $T/usdt/libapplib.so 200" || fail "$(cat t.err)"
quiet t
same "calls" "$(cat "$TRUTH")" 600
same "work" "$(grep -v '^$' t.out | head -n 1)" "libapplib.so applib_work opener 600"
same "asked" "$(grep -v '^$' t.out | tail -n 1)" 600
