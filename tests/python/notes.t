# SPDX-License-Identifier: GPL-2.0-or-later
# The static probes of interpreters that were built --with-dtrace: garbage collection, imports, audit events. Of
# functions there is one probe each, ours, and not the interpreter's own.
. "$here/python/lib.sh"
cat >notes.py <<'PROGRAM'
import gc, sys
def begin_(): pass
def end_(): pass
gc.disable()
begin_()
for i in range(3):
    gc.collect(i)
try:
    import not_there
except ImportError:
    pass
import colorsys
if hasattr(sys, "audit"):
    sys.audit("test.event", 1)
end_()
PROGRAM
tried=0
pythons >list
while read -r name root exe <&3; do
	binary=$(realpath "${root%/}$exe")
	readelf -n "$binary" 2>/dev/null | grep -q 'Name: gc__start' || continue
	ready "$root"
	cp notes.py "${root%/}$PROGRAMS/"
	traced "$name" -qZ -n '
		python$target:::function-entry /copyinstr(arg1) == "begin_"/ { on = 1; }
		python$target:::function-entry /copyinstr(arg1) == "end_"/ { on = 0; }
		python$target:::function-entry /on && copyinstr(arg1) == "begin_"/ { printf("begin\n"); }
		python$target:::gc-start /on/ { printf("gc-start %d\n", arg0); }
		python$target:::gc-done /on/ { printf("gc-done\n"); }
		python$target:::import-find-load-start /on/ { printf("start %s\n", copyinstr(arg0)); }
		python$target:::import-find-load-done /on/ { printf("done %s %d\n", copyinstr(arg0), arg1); }
		python$target:::audit /on && copyinstr(arg0) == "test.event"/ { printf("audit\n"); }' \
		-c "$(python "$root" "$exe" "$PROGRAMS/notes.py")" || fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	printf '%s\n' begin "gc-start 0" "gc-start 1" "gc-start 2" gc-done gc-done gc-done "start not_there" "start colorsys" \
		"done not_there 0" "done colorsys 1" audit | sort >want
	grep . "$name.out" | grep -v '^start [^nc]\|^done [^nc]' | sort | diff want - >diff || fail "$name: '<' is the truth: $(cat diff)"
	tried=$((tried + 1))
done 3<list
[ $tried -gt 0 ] || skip "no interpreter here was built --with-dtrace"
