# SPDX-License-Identifier: GPL-2.0-or-later
# Output that cannot be written, whatever the reason, ends dtrace with status 1 and a sentence.
refused() {	# WHAT STATUS
	same "status with $1" "$2" 1
	grep -q '^dtrace: .*cannot be written: \|^dtrace: cannot write the output: ' e || fail "$1: '$(cat e)'"
}
run() { timeout 60 dtrace "$@"; }
run -qn 'BEGIN{ trace(1); exit(0); }' >/dev/full 2>e; refused "a full disk" $?
run -qn 'BEGIN{ @ = count(); exit(0); }' >/dev/full 2>e; refused "a full disk, aggregations" $?
run -qn 'BEGIN{ exit(0); }' -o /dev/full 2>e; refused "-o on a full disk" $?
run -l >/dev/full 2>e; refused "a full disk, -l" $?
run -V >/dev/full 2>e; refused "a full disk, -V" $?
run -qn 'BEGIN{ trace(1); exit(0); }' >&- 2>e; refused "a closed stdout" $?
run -qn 'tick-50ms{ trace("x\n"); }' 2>e | head -n 1 >o; refused "a reader that left" "${PIPESTATUS[0]}"
# Messages lost with stderr are no reason to lose the data; and the device never takes its place.
run -qn 'BEGIN{ printf("whole\n"); exit(0); }' >o 2>&-; same "status without stderr" $? 0
same "output without stderr" "$(cat o)" whole
# Nor does cpp, or a traced program, take a closed stdin for the device.
run -Cqn 'BEGIN{ printf("%d\n", __LINE__); exit(0); }' <&- >o 2>e || fail "without stdin: $(cat e)"
same "output without stdin" "$(cat o)" 1
