# SPDX-License-Identifier: GPL-2.0-or-later
# Entries and returns of every function equal the program's own counts, to the last call: pie.
"$T/counted-pie" >plain; plain=$?
traced t -qn "$COUNT_ALL" -c "$T/counted-pie" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
truth t.out counted-pie
grep -q "$(cat plain)" t.out || fail "the program's output has changed"
