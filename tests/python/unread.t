# SPDX-License-Identifier: GPL-2.0-or-later
# Arguments that no clause reads are not computed; a consumer that comes and reads others, while the first one counts,
# must never see one that is missing, and the first one must not lose a call by it.
. "$here/python/lib.sh"
pythons | awk '$2 == "/"' | head -n 1 >list
[ -s list ] || skip "no python3.X in PATH, nor in DT_PYTHONS without a folder of its own"
read -r name root exe <list
cat >asked.py <<'PROGRAM'
import os, select, sys
def asked(n):
    return n
print("ready", flush=True)
sys.stdin.buffer.readline()
total = 0
while not select.select([0], [], [], 0)[0]:
    for i in range(1000):
        asked(i)
    total += 1000
print(total, flush=True)
os._exit(0)		# some interpreters call functions of their own when they end
PROGRAM
mkfifo in
"$exe" "$PWD/asked.py" <in >answers & PID=$!
exec 5>in
awaits answers ready
dtrace -qn 'BEGIN{ printf("go\n"); } python$target:::function-entry { @ = count(); } END { printa("%@d\n", @); }' \
	-p $PID >counts.out 2>counts.err & counts=$!
awaits counts.out go
echo begin >&5
bad=0
for i in $(seq 10); do
	# It joins and leaves while calls are made.
	dtrace -qn '
		BEGIN { printf("go\n"); }
		python$target:::function-entry { @[copyinstr(arg0), copyinstr(arg1), arg2, copyinstr(arg3)] = count(); }
		tick-200ms { exit(0); }
		END { printa("%s %s %d %s\n", @); }' -p $PID >reads$i.out 2>reads$i.err || fail "dtrace: $(cat reads$i.err)"
	grep -v '^go$\|^$' reads$i.out | grep -vx "$PWD/asked.py asked 2 asked" && bad=1
	[ ! -s reads$i.err ] || { cat reads$i.err; bad=1; }
done
[ $bad = 0 ] || fail "an argument was missing or wrong (above)"
grep -q asked reads*.out || fail "no firing was seen by those who read arguments"
echo end >&5
wait $PID
wait $counts || fail "dtrace ended with $?: $(cat counts.err)"
same "calls counted" "$(grep "^[0-9]" counts.out)" "$(tail -n 1 answers)"
[ ! -s counts.err ] || fail "dtrace said: $(cat counts.err)"
