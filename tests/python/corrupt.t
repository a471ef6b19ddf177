# SPDX-License-Identifier: GPL-2.0-or-later
# jstack() of a thread whose chain of frames is being spoilt: cycles, ends in the air, odd addresses, the kernel's, a
# hundred thousand frames, objects that lie about their length. Nothing falls, every stack ends, and the program does not
# notice; before and after, its frames are the right ones.
. "$here/python/lib.sh"
pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	# shellcheck disable=SC2046
	start "run-$name" $(python "$root" "$exe" "$PROGRAMS/corrupt.py" 0.05)
	! grep -q cannot "run-$name.out" || continue
	traced "$name" -q -x aggsize=16m -x strsize=64 -x jstackstrsize=8k -p "$PID" -n '
		BEGIN { printf("armed\n"); }
		profile-97 /pid == $target && arg1/ { @[jstack(100)] = count(); @n = count(); }
		profile-47 /pid == $target && arg1/ { @[pystack(1000)] = count(); }
		END { printa("stacks %@d\n", @n); }' & tracer=$!
	wait "$PID" || fail "$name: the program was disturbed: $(tail -n 3 "run-$name.err")"
	same "$name: its last word" "$(tail -n 1 "run-$name.out")" good
	wait "$tracer" || fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	# Names that lie about their length may not fit, and long chains may outlast a period; that is said, and nothing else.
	! grep -v 'string table overflow\|aggregation drop\|could not deliver' "$name.err" || fail "$name: see above"
	[ "$(awk '/^stacks/ { print $2 }' "$name.out")" -gt 20 ] || fail "$name: $(grep ^stacks "$name.out")"
	grep -q 'corrupt.py:[0-9]* busy' "$name.out" || fail "$name: no stack shows the thread's function"
	grep -q 'corrupt.py:[0-9]* outer' "$name.out" || fail "$name: no stack shows its caller"
done 3<list
