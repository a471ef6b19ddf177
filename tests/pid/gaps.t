# SPDX-License-Identifier: GPL-2.0-or-later
# A program that has left hardly any room near its text: breakpoints' stubs go to several small holes, and all calls count.
# Where there is none at all, dtrace says so, and how many of its calls are not counted; soon, however many there are.
counted() {	# counted MODE HOLE
	rm -f in
	mkfifo in
	"$T/gapped" "$2" <in >s.out & PID=$!
	exec 9>in
	awaits s.out ready
	dtrace -x trapfree="$1" -qn 'pid$target:a.out:f[0-9]*:entry{ @[probefunc] = count(); }
		BEGIN{ printf("begun\n"); } END{ printa("%s %@d\n", @); }' -p $PID >d.out 2>d.err 9>&- & D=$!
	awaits d.out begun
	printf 'abc' >&9
	exec 9>&-
	wait $PID || fail "$1, holes of $2 pages: the program failed"
	wait $D || fail "$1, holes of $2 pages: dtrace ended with $?: $(cat d.err)"
	grep '^f[0-9]' s.out | sort >truth
	grep '^f[0-9]' d.out | sort >got
}
for mode in on off; do
	counted $mode 6
	diff truth got >diff || fail "$mode: '<' is the truth: $(head diff)"
	[ ! -s d.err ] || fail "$mode: dtrace said: $(cat d.err)"
done
counted off 0
[ ! -s got ] || fail "calls were counted: $(head got)"
grep -q '4000 probe locations could not be armed (4000 with no room for stubs within reach)' d.err || fail "dtrace said: $(cat d.err)"
