# SPDX-License-Identifier: GPL-2.0-or-later
# A process that runs already: from now on every call counts, and its output and exit status stay what they were.
. "$here/python/lib.sh"
cat >loop.py <<'PROGRAM'
import os, signal, sys, time
n = 0
def step():
    global n
    n += 1
    return n
def go(*a):
    for i in range(1000):
        step()
signal.signal(signal.SIGUSR1, go)
print("ready", flush=True)
while n < 3000:
    time.sleep(0.01)
print(n, flush=True)
sys.exit(3)
PROGRAM
pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	cp loop.py "${root%/}$PROGRAMS/"
	# shellcheck disable=SC2046
	start "run-$name" $(python "$root" "$exe" "$PROGRAMS/loop.py")
	traced "$name" -q -p "$PID" -n 'BEGIN { printf("armed\n"); }
		python$target:::function-entry, python$target:::function-return /copyinstr(arg1) == "step"/ { @[probename] = count(); }
		END { printa("%s %@d\n", @); }' & tracer=$!
	awaits "$name.out" armed
	for n in 1000 2000 3000; do
		kill -USR1 "$PID"
		sleep 0.5
	done
	wait "$PID"
	same "$name: exit status" $? 3
	wait "$tracer"
	same "$name: output" "$(tail -n 1 "run-$name.out")" 3000
	same "$name: calls" "$(grep function "$name.out" | sort | tr '\n' ' ')" "function-entry 3000 function-return 3000 "
	quiet "$name"
done 3<list
