# SPDX-License-Identifier: GPL-2.0-or-later
# The pid provider's kernel half, driven through its ioctls: each kind of instruction, and each hazard under load;
# with breakpoints, and where it can with jumps.
"$T/raw" -n 100 >raw.out 2>raw.err || fail "$(grep FAIL raw.out; tail -n 5 raw.err)"
"$T/raw" -j -n 100 >raw.out 2>raw.err || fail "with jumps: $(grep FAIL raw.out; tail -n 5 raw.err)"
