# SPDX-License-Identifier: GPL-2.0-or-later
# All of povray and its libraries: armed quickly, the picture the same to the byte, disarmed quickly, little memory.
command -v povray >/dev/null || skip "povray is not installed"
scene=$here/targets/scene.pov
args="+I$scene +W48 +H36 -D +WT2 +FB"
povray $args +Oplain.bmp >/dev/null 2>&1 || fail "povray cannot render the scene"
traced t -qo agg -n 'pid$target:::entry{ @[probefunc] = count(); }' -c "povray $args +Otraced.bmp" || fail "status $?: $(tail -n 3 t.err)"
quiet_but_povray=$(grep '^dtrace:' t.err)
[ -z "$quiet_but_povray" ] || fail "dtrace said: $quiet_but_povray"
cmp plain.bmp traced.bmp || fail "the pictures differ"
[ "$(wc -l <agg)" -gt 1000 ] || fail "few functions were called: $(wc -l <agg)"
