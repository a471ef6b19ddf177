# SPDX-License-Identifier: GPL-2.0-or-later
# Is-enabled macros are true while somebody looks, and only then: after an end, and after a death.
mkfifo in
exec 8<>in
start app "$T/usdt/app" wait 5 <in
said() { # N TEXT: what the program said last, for the Nth line it was given
	echo go >&8
	for _ in $(seq 600); do
		[ "$(grep -c '^done' app.out)" = "$1" ] && { same "line $1" "$(tail -n 1 app.out)" "done $2"; return; }
		sleep 0.05
	done
	fail "the program does not answer: $(cat app.out app.err)"
}
begin() { # NAME ARGS...: dtrace in the background, until it traces
	local name=$1; shift
	dtrace -p $PID -n 'BEGIN { printf("tracing"); }' "$@" >$name.out 2>$name.err &
	D=$!
	awaits $name.out tracing
}
end() { kill -INT $D; wait $D || fail "dtrace: $(cat "$1.err")"; }

said 1 "asked 0 lib-asked 0"
# Another probe of the same provider does not raise this one's.
begin other -n 'app$target:::begin { @ = count(); }'
said 2 "asked 0 lib-asked 0"
end other
same "begins" "$(tail -n 3 other.out | tr -d ' \n')" 5
# The library's of the same name is its own.
begin a -n 'app$target:::asked { @ = count(); }'
said 3 "asked 5 lib-asked 0"
# Two look, then one, then nobody.
first=$D
begin b -n 'app$target:::asked,applib$target:::asked { @[probeprov] = count(); }'
said 4 "asked 10 lib-asked 5"
end b
D=$first
said 5 "asked 15 lib-asked 5"
end a
same "asked, by the first" "$(tail -n 3 a.out | tr -d ' \n')" 15
said 6 "asked 15 lib-asked 5"
restored $PID
# Killed, dtrace leaves nothing behind.
begin k -n 'app$target:::asked { @ = count(); }'
said 7 "asked 20 lib-asked 5"
kill -KILL $D
wait $D 2>/dev/null
for _ in $(seq 100); do
	[ "$(awk '$2 == "dtrace" { print $3 }' /proc/modules)" = 0 ] && break
	sleep 0.05
done
said 8 "asked 20 lib-asked 5"
restored $PID
kill $PID
