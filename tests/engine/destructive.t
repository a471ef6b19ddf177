# SPDX-License-Identifier: GPL-2.0-or-later
# Destructive actions: what they do, seen by the process they are done to; and who may use them.
parameter=/sys/module/dtrace/parameters/destructive
# What the machine was too slow to deliver is not the engine's affair.
silent() { if grep -v 'could not deliver' "$1.err"; then fail "$1: $(cat "$1.err")"; fi; }
busy() { exec -a "$1" bash -c 'trap "echo usr1 >>signals" USR1; : >started; while :; do :; done'; }
spin() { rm -f started; (busy "$1") & BUSY=$!; until [ -e started ]; do sleep 0.05; done; }
state() { sed 's/.*) \(.\).*/\1/' "/proc/$1/stat"; }
trap 'echo 1 >$parameter; kill -KILL $BUSY 2>/dev/null' EXIT

# stop(): stopped, until it is told to go on.
spin victim
traced stop -wqn 'profile-97 / pid == $1 / { stop(); exit(0); }' "$BUSY"
silent stop
sleep 0.2
same "stopped" "$(state $BUSY)" T
kill -CONT $BUSY; sleep 0.2
same "goes on" "$(state $BUSY)" R

# raise(): the handler runs, once for each of three.
rm -f signals
traced raise -wqn 'BEGIN { n = 0; } profile-10 / pid == $1 && n < 3 / { n = n + 1; raise(10); } tick-1s { exit(0); }' "$BUSY"
same "signals" "$(tr '\n' ' ' <signals)" "usr1 usr1 usr1 "
traced badsig -wqn 'profile-97 / pid == $1 / { raise(1000); exit(0); } tick-1s { exit(0); }' "$BUSY"
grep -q 'illegal operation' badsig.err || fail "raise(1000): $(cat badsig.err)"
kill -KILL $BUSY

# copyout(), copyoutstr(): what the program then finds in its memory.
start copied "$T/copied"
traced out -wqn 'pid$target::touched:entry {
	this->p = (long *)alloca(16); this->p[0] = 70; this->p[1] = 71; copyoutstr("abc", arg1, 16);
	copyoutstr("xyzzy", arg1 + 4, 3); copyout(this->p, arg0 + 8, 16); this->p[0] = 9; copyout(this->p, arg0, 8); exit(0); }' -p "$PID"
silent out
wait "$PID"
same "copied out" "$(tail -n +2 copied.out | tr '\n' ' ')" "9 70 71 4 abc xyz876543 "

# A page that may not be written is an error; nothing happens to it.
start copied "$T/copied"
traced ro -wqn 'pid$target::touched:entry { copyoutstr("x", arg2); } tick-300ms { exit(0); }' -p "$PID"
grep -q 'invalid address' ro.err || fail "read-only page: $(cat ro.err)"
kill "$PID"

# chill() takes its time, and no more than half of a second's.
traced chill -wqn 'BEGIN { t = walltimestamp; } BEGIN { chill(20000000); } BEGIN { printf("%d", walltimestamp - t >= 20000000); exit(0); }'
same "chill" "$(cat chill.out)" 1
traced most -wqn 'BEGIN { chill(600000000); } BEGIN { exit(0); }'
grep -q 'illegal operation' most.err || fail "chill beyond the limit: $(cat most.err)"

# Who may: -w, and the machine's parameter.
for act in 'stop()' 'raise(9)' 'chill(1)' 'panic()' 'system("true")' 'copyoutstr("", 0)'; do
	if traced no -qn "BEGIN { $act; exit(0); }"; then fail "$act without -w"; fi
	grep -Eq 'destructive' no.err || fail "$act without -w: $(cat no.err)"
done
echo 0 >$parameter
if traced off -wqn 'BEGIN { chill(1); exit(0); }'; then fail "chill() although the module forbids it"; fi
grep -q 'forbidden on this machine' off.err || fail "$(cat off.err)"
traced harmless -wqn 'BEGIN { printf("ok"); exit(0); }'
same "-w alone" "$(cat harmless.out)" ok
echo 1 >$parameter
if ! grep -q 'CONFIG_KGDB=y' /boot/config-"$(uname -r)" 2>/dev/null; then
	if traced kgdb -wqn 'BEGIN { breakpoint(); exit(0); }'; then fail "breakpoint() without a debugger"; fi
	grep -q kgdb kgdb.err || fail "breakpoint(): $(cat kgdb.err)"
fi
