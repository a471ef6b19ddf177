# SPDX-License-Identifier: GPL-2.0-or-later
# Exceptions, by file, function, line and type, are those that sys.monitoring or sys.settrace() tells in the same run;
# garbage is what gc.callbacks are told. Where there is no probe of garbage, the message says why.
. "$here/python/lib.sh"
D='
python$target:::function-entry /copyinstr(arg1) == "_begin_"/ { on = 1; }
python$target:::function-entry /copyinstr(arg1) == "_end_"/ { on = 0; }
python$target:::exception-raise /on/ { @[copyinstr(arg0), copyinstr(arg1), arg2, copyinstr(arg5), arg6] = count(); }
python$target:::gc-start /on/ { @start[arg0] = count(); }
python$target:::gc-done /on/ { @done[arg0] = count(); }
END {
	printa("raise\t%s\t%s:%d:%s:%d\t%@d\n", @); printa("gc-start\t%d\t\t%@d\n", @start); printa("gc-done\t%d\t\t%@d\n", @done);
}'

# Does it have static probes, or a symbol of a function that is known to collect?
collects() {
	local file function=none
	case $1 in
	*3.9) function=collect ;;
	*3.1[0-3]) function=gc_collect_main ;;
	esac
	for file in "$1" $(ldd "$1" 2>/dev/null | awk '/libpython/ { print $3 }'); do
		readelf -n "$file" 2>/dev/null | grep -q 'Name: gc__start' && return
		readelf -Ws "$file" 2>/dev/null | grep -q "FUNC.* $function\$" && return
	done
	return 1
}

pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	run=$(python "$root" "$exe" -X utf8 "$PROGRAMS/harness.py" raise "$PROGRAMS/exceptions.py" "$PROGRAMS/truth")
	traced "$name" -qZ -x strsize=512 -x aggsize=8m -n "$D" -c "$run" || fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	quiet "$name"
	what='^raise'
	! collects "${root%/}$exe" || what='^raise\|^gc'
	grep -a "$what" "$name.out" | LC_ALL=C sort >"$name.got"
	grep -a "$what" "${root%/}$PROGRAMS/truth" | LC_ALL=C sort >"$name.truth"
	[ -s "$name.truth" ] || fail "$name: no truth"
	diff "$name.truth" "$name.got" >"$name.diff" || fail "$name: '<' is the truth: $(head -n 12 "$name.diff")"
	[ "$what" = '^raise' ] || continue
	! traced "$name" -qn 'python$target:::gc-start' -c "$run" || fail "$name: gc-start was found"
	grep -q 'has no probe gc-start: it was built without --with-dtrace' "$name.err" || fail "$name: $(cat "$name.err")"
done 3<list
