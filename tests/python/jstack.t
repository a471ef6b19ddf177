# SPDX-License-Identifier: GPL-2.0-or-later
# pystack() and jstack() from a probe that knows nothing of Python, against the program's own account of its stacks:
# recursion, callbacks from C, generators, destructors, properties, threads, names that are not ASCII.
# (The libc of a chroot may be called libc-2.31.so.)
. "$here/python/lib.sh"
pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	traced "$name" -q -x temporal -x jstackstrsize=16k -n 'pid$target:libc[-.]*:getppid:entry{ pystack(60); } pid$target:libc[-.]*:getppid:entry{ jstack(80); }' \
		-c "$(python "$root" "$exe" "$PROGRAMS/stack.py" "$PROGRAMS/truth")" || fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	quiet "$name"
	# Two stacks a call: Python's frames alone, then all. Blank lines between them.
	awk -v RS= -v name="$name" '{ f = name (NR % 2 ? ".python" : ".all"); gsub(/(^|\n) +/, "\n"); print $0 "\n--" >f }' "$name.out"
	grep . "$name.python" >"$name.python2"
	diff "${root%/}$PROGRAMS/truth" "$name.python2" >"$name.diff" || fail "$name: '<' is the program's account, '>' pystack(): $(head -n 10 "$name.diff")"
	grep -E '^(--$|.*:[0-9]+ )' "$name.all" >"$name.all2"
	diff "$name.python2" "$name.all2" >"$name.diff" || fail "$name: '<' pystack(), '>' Python's frames of jstack(): $(head -n 10 "$name.diff")"
	grep -q '`.*getppid' "$name.all" || fail "$name: jstack() shows no native frame: $(head -n 5 "$name.all")"
	echo "$name: $(grep -c '^--' "$name.all2") stacks"
done 3<list

# A name that does not fit is a drop, and is said; as a key it works as well; JSON has the frames.
read -r name root exe <list
run=$(python "$root" "$exe" "$PROGRAMS/stack.py" "$PROGRAMS/truth")
traced small -q -n 'pid$target:libc[-.]*:getppid:entry{ pystack(60, 40); }' -c "$run"
grep -q 'string table overflow' small.err || fail "40 bytes were enough: $(cat small.out small.err)"
traced key -q -n 'pid$target:libc[-.]*:getppid:entry{ @[pystack(2)] = count(); }' -c "$run" || fail "$(cat key.err)"
same "calls by key" "$(awk 'NF == 1 { n += $1 } END { print n }' key.out)" "$(grep -c -- '^--' "${root%/}$PROGRAMS/truth")"
traced json -x oformat=json -n 'pid$target:libc[-.]*:getppid:entry{ jstack(); }' -c "$run" || fail "$(cat json.err)"
grep -q '"frame": *"[^"]*stack.py:[0-9]* leaf"' json.out || fail "no Python frame in JSON: $(head -c 600 json.out)"
