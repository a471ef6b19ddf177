# SPDX-License-Identifier: GPL-2.0-or-later
# The program's own int3 reaches the program; the function around it is counted.
traced t -qn "$COUNT_ALL" -c "$T/ownint3" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
grep -qx 'ownint3: 1000 traps' t.out || fail "$(grep traps t.out)"
truth t.out ownint3
