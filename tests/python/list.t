# SPDX-License-Identifier: GPL-2.0-or-later
# dtrace -lP 'python*' names the probes of every running interpreter, and of nothing else.
. "$here/python/lib.sh"
exe=$(python3 -c 'import sys; print(sys.executable)') || skip "no python3"
cat >wait.py <<'PROGRAM'
import sys, time
print("ready", flush=True)
time.sleep(600)
PROGRAM
start one "$exe" wait.py; one=$PID
start two "$exe" wait.py; two=$PID
cp /bin/sleep python3.13
./python3.13 600 & fake=$!
traced list -lP 'python*'
status=$?
cat list.err >&2
[ $status = 0 ] || fail "dtrace -l ended with $status"
for pid in "$one" "$two"; do
	for name in function-entry function-return exception-unwind; do
		[ "$(grep -cE "^ *[0-9]+ +python$pid +[^ ]+ +_PyEval_EvalFrameDefault +$name$" list.out)" = 1 ] ||
			fail "$name of process $pid is not listed once: $(grep "python$pid" list.out | head -n 5)"
	done
done
kill -0 "$fake" || fail "it has ended"
! grep -q "python$fake " list.out || fail "a program that is named python3.13 but is none has probes"
traced match -ln "python$one:::function-entry"
same "one process's probe" "$(grep -c python match.out)" 1
kill "$one" "$two" "$fake"
