# SPDX-License-Identifier: GPL-2.0-or-later
# A thousand times tracing starts and stops under threads that hammer the same functions from every CPU; each
# interval's counts are what the program's own accounts allow, every other one's to the last call.
"$T/intervals" -j -n 1000 >jumps.out 2>&1 || fail "jumps: $(tail -n 3 jumps.out)"
"$T/intervals" -n 200 >traps.out 2>&1 || fail "breakpoints: $(tail -n 3 traps.out)"
