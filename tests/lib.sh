# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests in tests/*/*.t, which tests/run sources this before. A test is
# a bash script that ends with 0 if what it claims holds. It runs in a folder
# of its own with the module loaded, T/ holding the built target programs.
#
#   fail SENTENCE        give up; the sentence is printed with the test's name
#   skip REASON          the test cannot run here; never counted as passed
#   same WHAT A B        fail unless the strings are equal
#   traced NAME CMD...   run "dtrace CMD..." with a time-out: NAME.out NAME.err, status in $?
#   truth FILE WHAT      compare dtrace's "func name count" lines in FILE with the program's own in $TRUTH

# With job control off a shell starts its background jobs with SIGINT ignored.
set -m

T=$TEST_TARGETS
export TRUTH=$PWD/truth

fail() { echo "$*" >&2; exit 1; }
skip() { echo "$*" >&2; exit 77; }
same() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; }

traced() {
	local name=$1; shift
	timeout -k 5 "${LIMIT:-120}" dtrace "$@" >"$name.out" 2>"$name.err"
	local status=$?
	[ $status != 124 ] || fail "dtrace did not end within ${LIMIT:-120} s: $(tail -n 3 "$name.err")"
	return $status
}

# No drops, no errors: what the tracer says on stderr is empty.
quiet() { [ ! -s "$1.err" ] || fail "dtrace said: $(head -n 5 "$1.err")"; }

# "name addr entries returns" of the program against "name entry|return count" of dtrace.
# Functions are known to dtrace by name, or by hex file offset when stripped.
truth() {
	[ -s "$TRUTH" ] || fail "$2: the program wrote no counts"
	awk -v what="$2" '
		NR == FNR { n[$1, $2] = $3; next }
		{
			by = (($1, "entry") in n || ($1, "return") in n) ? $1 : $2
			if (n[by, "entry"] + 0 != $3) { printf "%s: %s entered %s times, dtrace says %d\n", what, $1, $3, n[by, "entry"]; bad = 1 }
			if (n[by, "return"] + 0 != $4) { printf "%s: %s returned %s times, dtrace says %d\n", what, $1, $4, n[by, "return"]; bad = 1 }
			lines++
		}
		END { if (!lines) print what ": nothing to compare"; exit bad || !lines }
	' "$1" "$TRUTH" >&2 || exit 1
}

# Start a target that prints "ready", wait for it: start NAME CMD...; its pid in $PID.
start() {
	local name=$1; shift
	"$@" >"$name.out" 2>"$name.err" &
	PID=$!
	for _ in $(seq 400); do
		grep -q ready "$name.out" 2>/dev/null && return 0
		sleep 0.05
	done
	fail "$name did not start: $(cat "$name.err")"
}

# Wait until FILE has a line matching RE: awaits FILE RE
awaits() {
	for _ in $(seq 1200); do
		grep -q -- "$2" "$1" 2>/dev/null && return 0
		sleep 0.05
	done
	fail "'$2' did not appear in $1: $(tail -n 3 "$1")"
}

# The text of a live process equals its files.
restored() {
	local n
	n=$("$T/textcheck" "$1") || fail "$n bytes of the text of pid $1 differ from its files"
}

COUNT_ALL='pid$target:a.out::entry,pid$target:a.out::return{ @[probefunc, probename] = count(); } END{ printa("%s %s %@d\n", @); }'
