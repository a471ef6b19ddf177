# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of the python provider.
#
#   pythons                  lines "NAME ROOT EXE" of interpreters to test with: those of $DT_PYTHONS (words EXE
#                            or ROOT:EXE, a folder to chroot into), else what tools/pythons has fetched and
#                            each python3.X of $PATH. NAME can be a file's name.
#   python ROOT EXE ARG...   the command line that runs one, for dtrace -c
#   ready ROOT               put the test programs where it sees them, as $PROGRAMS/
#   calls NAME ROOT EXE MODE PROGRAM
#                            trace harness.py: NAME.calls, lines "call|return <tab> file <tab> function <tab> count"
#   compare WHAT TRUTH CALLS fail unless they are the same; but for threading.py, which starts threads before
#                            it turns the profile function on in them, and signal handlers
#   holds                    print how many areas of virtual memory the module holds
#   nothing_left WHEN        fail unless they are $held again, and nobody has the device open

export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
PROGRAMS=/tmp/dtrace-python

pythons() {
	local word root exe cache=${DTRACE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dtrace-vm}/pythons
	local words=${DT_PYTHONS:-}
	if [ -z "$words" ]; then
		for root in "$cache"/*-3.*; do
			[ ! -d "$root" ] || words+=" $root:/usr/bin/python${root##*-}"
		done
		for exe in $(compgen -c python3. | grep -E '^python3\.[0-9]+$' | sort -u -V); do
			exe=$("$exe" -c 'import sys; print(sys.executable)' 2>/dev/null) && words+=" $exe"
		done
	fi
	for word in $words; do
		root=/ exe=$word
		[[ $word != *:* ]] || root=${word%%:*} exe=${word#*:}
		[ -x "$root/$exe" ] || { echo "no interpreter $word" >&2; continue; }
		echo "$(echo "$root$exe" | sed "s,^/*,,; s,[^A-Za-z0-9.],-,g") $root $exe"
	done
}

python() {
	local root=$1
	shift
	[ "$root" = / ] && echo "$*" || echo "chroot $root $*"
}

ready() {
	rm -rf "${1%/}$PROGRAMS"
	mkdir -p "${1%/}$PROGRAMS" && cp "$here"/python/programs/*.py "${1%/}$PROGRAMS"/
}

D_CALLS='
python$target:::function-entry /copyinstr(arg1) == "_begin_"/ { on = 1; }
python$target:::function-entry /copyinstr(arg1) == "_end_"/ { on = 0; }
python$target:::function-entry /on/ { @["call", copyinstr(arg0), copyinstr(arg1)] = count(); }
python$target:::function-return /on/ { @["return", copyinstr(arg0), copyinstr(arg1)] = count(); }
END { printa("%s\t%s\t%s\t%@d\n", @); }'

calls() {
	local name=$1 root=$2 exe=$3 mode=$4 program=$5
	traced "$name" -qZ -x strsize=512 -x dynvarsize=4m -x aggsize=8m -n "$D_CALLS" \
		-c "$(python "$root" "$exe" "$PROGRAMS/harness.py" "$mode" "$PROGRAMS/$program.py" "$PROGRAMS/truth")" ||
		fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	quiet "$name"
	grep -aP '\t' "$name.out" | grep -avP '\t(_begin_|_end_|_profile_)\t' | LC_ALL=C sort >"$name.calls"
}

compare() {
	[ -s "$2" ] || fail "$1: no truth"
	[ -s "$3" ] || fail "$1: dtrace has counted nothing"
	LC_ALL=C sort "$2" | grep -av '/threading\.py	\|	handler	' >"$1.truth"
	grep -av '/threading\.py	\|	handler	' "$3" | diff "$1.truth" - >"$1.diff" || fail "$1: '<' is the truth, '>' what dtrace says: $(head -n 12 "$1.diff")"
}

holds() { grep -c '\[dtrace\]' /proc/vmallocinfo; }

nothing_left() {
	for _ in $(seq 100); do
		[ "$(holds)" -le "$held" ] && [ "$(awk '$1 == "dtrace" { print $3 }' /proc/modules)" = 0 ] && return
		sleep 0.1
	done
	fail "$1: the module holds $(holds) areas, before it were $held: $(grep '\[dtrace\]' /proc/vmallocinfo | head -n 20)"
}
