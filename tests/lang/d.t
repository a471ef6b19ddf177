# SPDX-License-Identifier: GPL-2.0-or-later
# Every tests/d/*/tst.*.d prints exactly what stands beside it in .out (and on
# stderr what stands in .err, else nothing), and ends with the status it asks for.
. "$here/d/lib.sh"
DTRACE=dtrace
out=$PWD

# The same numbers are hidden as guide_test.c hides; and an emulated machine may lose ticks.
plain() { sed 's/ID [0-9]*/ID N/g; s/DIF offset [0-9][0-9]*/DIF offset N/; /that the provider could not deliver$/d' "$@"; }
wanted() { [ ! -f "$1" ] || cat "$1"; }

check() {
	local f=$1 want status o=$out/$2
	[ -f "$f.out" ] || { echo "$f: no $f.out"; return 1; }
	want=$(asked exit "$f")
	execute "$f" >"$o.out" 2>"$o.err" </dev/null
	status=$?
	[ "$status" = "${want:-0}" ] || { echo "$f: status $status"; head -n 5 "$o.err"; return 1; }
	diff -u "$f.out" "$o.out" && diff -u <(wanted "$f.err") <(plain "$o.err")
}

# Two halves at once.
half() {
	local n=0 bad=0 f
	for f in */tst.*.d; do
		n=$((n + 1))
		[ $((n % 2)) = "$1" ] || continue
		check "$f" "$1" >"$out/$1.diff" 2>&1 || { bad=$((bad + 1)); cat "$out/$1.diff"; }
	done
	echo $bad >"$out/$1.bad"
}

cd "$here/d" || fail "no tests/d"
set +m	# no "[1] Done" in the other half's stderr
half 0 >"$out/said.0" &
half 1 >"$out/said.1"
wait
cat "$out"/said.[01] >&2
[ "$(cat "$out/0.bad" "$out/1.bad" | tr -d '\n')" = 00 ] ||
	fail "$(paste -sd+ "$out/0.bad" "$out/1.bad") programs do something else"
