# SPDX-License-Identifier: GPL-2.0-or-later
# -l of a running process: one line a probe, by the function that holds it, and the arguments' types.
start app "$T/usdt/app" wait 1 < <(sleep 60)
traced t -l -n 'app$target:::' -p $PID || fail "$(cat t.err)"
same "names" "$(awk 'NR > 1 { print $NF }' t.out | sort -u | tr '\n' ' ')" \
	"asked begin bits constants kinds query-done query-start site twelve "
same "providers" "$(awk 'NR > 1 { print $2 }' t.out | sort -u)" "app$PID"
same "modules" "$(awk 'NR > 1 { print $3 }' t.out | sort -u)" app
same "places of site" "$(grep -c ' site$' t.out)" 2
traced t -l -P 'applib*' -p $PID || fail "$(cat t.err)"
same "the library's" "$(awk 'NR > 1 { print $2, $3, $4, $5 }' t.out | sort)" \
	"applib$PID libapplib.so applib_work asked
applib$PID libapplib.so applib_work work"
traced t -l -n "app$PID:libapplib.so::" ; same "probes of another module" $? 1
traced t -n "nosuch$PID:::begin" -e; same "status of a provider that it has not" $? 1
grep -q "nosuch$PID" t.err || fail "$(cat t.err)"
kill $PID
