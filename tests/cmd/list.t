# SPDX-License-Identifier: GPL-2.0-or-later
# -l: each description once, whatever its module is called; what matches nothing is told, and is status 1.
traced t -ln 'pid$target:libc:malloc:' -c true || fail "status $?: $(cat t.err)"
quiet t
[ "$(grep -c ' malloc entry$' t.out)" = 1 ] || fail "malloc's entry is not there once: $(head t.out)"
[ "$(grep -cE ' malloc (return|[0-9a-f]+)$' t.out)" -gt 20 ] || fail "malloc has a return and offsets: $(head t.out)"
traced t -ln BEGIN -P profile || fail "status $?: $(cat t.err)"
grep -q 'dtrace .* BEGIN$' t.out && grep -q 'profile .* profile-97$' t.out || fail "BEGIN and profile-97: $(cat t.out)"
traced t -ln BEGIN -n 'pid$target:libc:nosuch:entry' -c true && fail "status 0 for what matches nothing"
grep -q 'nosuch:entry: no probe' t.err || fail "the description is not named: $(cat t.err)"
