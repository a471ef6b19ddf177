# SPDX-License-Identifier: GPL-2.0-or-later
# threadname, usermode, ipl, getmajor(), getminor(): against the programs that they are asked of.
command -v python3 >/dev/null || skip "there is no python3 for the programs to trace"
trap 'kill -KILL $PID $LOOP 2>/dev/null' EXIT
cat >named.py <<'PY'
import threading
def loop():
    with open("/proc/thread-self/comm", "w") as f:
        f.write("second-thread")
    print("ready", threading.get_native_id(), flush=True)
    while True:
        pass
threading.Thread(target=loop).start()
PY
start named python3 named.py
tid=$(awk '{ print $2 }' named.out)
traced names -qn 'profile-199 / tid == $1 / { printf("%d|%s|%s\n", pid, execname, threadname); exit(0); }' "$tid"
same "names" "$(grep . names.out)" "$PID|$(cat "/proc/$PID/comm")|second-thread"
kill -KILL "$PID"

# Where the program counter is the program's the CPU is in user mode. Interrupts are on where a timer's comes.
bash -c 'while :; do :; done' & LOOP=$!
traced mode -qn 'BEGIN { printf("begin %d %d\n", usermode, ipl); } profile-499 { @[usermode, arg1 != 0, arg0 == 0, ipl] = count(); }
	profile-499 / pid == $1 && usermode / { ++u; } profile-499 / !pid / { @idle[usermode] = count(); }
	tick-100ms / u >= 20 / { exit(0); } END { printa("%d %d %d %d %@d\n", @); printa("idle %d\n", @idle); }' $LOOP
same "BEGIN" "$(grep ^begin mode.out)" "begin 0 0"
grep -q '^1 1 1 0 ' mode.out || fail "never in user mode: $(cat mode.out)"
if grep '^[01] ' mode.out | grep -Ev '^(1 1 1|0 0 0) 0 '; then fail "usermode, or ipl: $(cat mode.out)"; fi
if grep -q '^idle 1' mode.out; then fail "the idle thread is a kernel thread"; fi
kill -KILL $LOOP
start copied "$T/copied"
traced user -qn 'pid$target::touched:entry { printf("%d %d\n", usermode, ipl); exit(0); }' -p "$PID"
same "in a program" "$(cat user.out)" "1 0"

kill "$PID"

# uregs[] that are not in the frame of an entry to the kernel: a base that the program has set.
cat >gs.py <<'PY'
import ctypes
libc = ctypes.CDLL(None)
libc.syscall(158, 0x1001, ctypes.c_ulong(0x123456789000))	# arch_prctl(ARCH_SET_GS)
print("ready", flush=True)
while True:
    pass
PY
start gs python3 gs.py
traced gs -qn 'profile-199 / pid == $1 / { printf("%x %d\n", uregs[R_GSBASE], uregs[R_TRAPNO] < 256); exit(0); }' "$PID"
quiet gs
same "GS base" "$(cat gs.out)" "123456789000 1"
kill -KILL "$PID"

# Device numbers, as stat has them: of the terminal-like /dev/null that the program has as its third file.
dev=$(stat -c '%t %T' /dev/null)
sh -c 'exec "$1" 3</dev/null' sh "$T/copied" >dev.out & PID=$!
awaits dev.out ready
traced both -qn 'BEGIN { printf("%d %d\n", getmajor(((uint32_t)259 << 20) | 70000), getminor(((uint32_t)259 << 20) | 70000)); exit(0); }'
same "large numbers" "$(cat both.out)" "259 70000"
[ -r /sys/kernel/btf/vmlinux ] || skip "devices of files: this kernel has no type information"
traced dev -qn 'pid$target::touched:entry { this->d = curthread->files->fdt->fd[3]->f_inode->i_rdev;
	printf("%x %x\n", getmajor(this->d), getminor(this->d)); exit(0); }' -p $PID
quiet dev
same "device" "$(cat dev.out)" "$dev"
kill -KILL $PID
