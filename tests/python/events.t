# SPDX-License-Identifier: GPL-2.0-or-later
# Imports and audit events, counted as the program itself knows them (programs/events.py): by the interpreter's own
# static probes where it has them, else by ours. Of audit events there is no probe in a file without symbols.
. "$here/python/lib.sh"
tried=0 audited=0
pythons >list
while read -r name root exe <&3; do
	binary=$(realpath "${root%/}$exe")
	what='^import'
	if readelf -n "$binary" 2>/dev/null | grep -q 'Name: audit' || nm "$binary" 2>/dev/null | grep -q ' [tT] sys_audit$'; then
		what='^import\|^audit'
		audited=$((audited + 1))
	fi
	ready "$root"
	traced "$name" -qZ -x strsize=512 -n '
		python$target:::function-entry /copyinstr(arg1) == "_begin_"/ { on = 1; }
		python$target:::function-entry /copyinstr(arg1) == "_end_"/ { on = 0; }
		python$target:::import-find-load-start /on/ { @["import-find-load-start", copyinstr(arg0), ""] = count(); }
		python$target:::import-find-load-done /on/ {
			@["import-find-load-done", copyinstr(arg0), lltostr(arg1)] = count(); }
		python$target:::audit /on/ { @["audit", copyinstr(arg0), ""] = count(); }
		END { printa("%s\t%s\t%s\t%@d\n", @); }' \
		-c "$(python "$root" "$exe" "$PROGRAMS/harness.py" events "$PROGRAMS/events.py" "$PROGRAMS/truth")" ||
		fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	grep -a "$what" "${root%/}$PROGRAMS/truth" | LC_ALL=C sort >want
	[ -s want ] || fail "$name: no truth"
	grep -a "$what" "$name.out" | LC_ALL=C sort | diff want - >diff || fail "$name: '<' is the truth: $(head -n 20 diff)"
	tried=$((tried + 1))
done 3<list
[ $tried -gt 0 ] || skip "no interpreter here"
echo "$tried interpreters, $audited of them with audit events"
