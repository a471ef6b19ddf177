# SPDX-License-Identifier: GPL-2.0-or-later
# Children of fork run unpatched and are not counted; a vfork child shares the memory and is.
traced t -qn "$COUNT_ALL" -c "$T/forker 30" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
grep -qx 'forker: 0 children died' t.out || fail "$(grep forker: t.out)"
truth t.out forker
