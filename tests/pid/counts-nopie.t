# SPDX-License-Identifier: GPL-2.0-or-later
# Entries and returns of every function equal the program's own counts, to the last call: nopie.
"$T/counted-nopie" >plain; plain=$?
traced t -qn "$COUNT_ALL" -c "$T/counted-nopie" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
truth t.out counted-nopie
grep -q "$(cat plain)" t.out || fail "the program's output has changed"
