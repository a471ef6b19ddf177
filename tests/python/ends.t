# SPDX-License-Identifier: GPL-2.0-or-later
# An interpreter that ends in the middle of everything is no accident and leaves nothing; what is none is said to be none.
. "$here/python/lib.sh"
pythons | grep ' / ' | head -n 1 >list
[ -s list ] || skip "no interpreter that runs without chroot"
read -r name root exe <list
ready /
D='python$target:::function-entry{ @[copyinstr(arg1)] = count(); } python$target:::function-return{ @r = count(); }
	python$target:::exception-raise{ @e = count(); }'

traced warm -qZn "$D" -c "$exe -S -c pass" || fail "$(cat warm.err)"
held=$(holds)

# Ends in the middle: by itself, out of many threads, and by SIGKILL.
cat >ends.py <<-'P'
	import os, sys, threading, time
	def f(n): return f(n - 1) if n else 0
	def work():
	    while True: f(50)
	for i in range(3): threading.Thread(target=work, daemon=True).start()
	print("ready", flush=True)
	if sys.argv[1] == "kill":
	    work()
	end = time.time() + float(sys.argv[1])
	while time.time() < end: f(30)
	os._exit(9)
P
for when in 0.05 0.3 1; do
	traced "ends-$when" -qZn "$D" -c "$exe ends.py $when"
	quiet "ends-$when"
done
for when in 0 0.2 0.5; do
	start "kill-$when" "$exe" ends.py kill
	traced "kill-$when" -qZn "BEGIN{ printf(\"armed\\n\"); } $D" -p "$PID" & tracer=$!
	[ $when = 0 ] || awaits "kill-$when.out" armed
	sleep $when
	kill -KILL "$PID"
	wait "$PID" 2>/dev/null
	wait "$tracer"
	! grep -v 'has exited\|there is no process' "kill-$when.err" || fail "see above"
done
nothing_left "after ends in the middle"

# No interpreter, whatever it is called.
cp /bin/sleep python3
./python3 600 & fake=$!
! traced fake -qn "$D" -p $fake || fail "probes were found in $(readlink /proc/$fake/exe)"
grep -q 'does not match any probes' fake.err || fail "$(cat fake.err)"
kill $fake
