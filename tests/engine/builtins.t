# SPDX-License-Identifier: GPL-2.0-or-later
# Built-in variables and subroutines that ask the kernel, against what /proc and the programs say.
# What the machine was too slow to deliver is not the engine's affair.
silent() { if grep -v 'could not deliver' "$1.err"; then fail "$1: $(cat "$1.err")"; fi; }
trap 'kill -KILL $BUSY 2>/dev/null' EXIT
mkdir -p "deep/er/a name with blanks"
(cd "deep/er/a name with blanks"; exec bash -c 'while :; do :; done' one 'two three') &
BUSY=$!
sleep 1
where=$(readlink "/proc/$BUSY/cwd")
# root is where the machine's own tree has it: this shell may be in a part of it.
traced who -qn 'BEGIN { here = root; } profile-97 / pid == $1 / { printf("%s|%d|%s|%d\n", cwd, root == here, execargs, progenyof($2)); exit(0); }' "$BUSY" $$
silent who
same "cwd, root, execargs, progenyof" "$(cat who.out)" "$where|1|$(tr '\0' ' ' <"/proc/$BUSY/cmdline" | sed 's/ $//')|1"

# cwd below a mount point; and a path that is longer than a string is cut at its end.
(cd /dev/shm && exec bash -c 'while :; do :; done') & SHM=$!
sleep 0.3
traced mnt -qn 'profile-97 / pid == $1 / { printf("%s\n", cwd); exit(0); }' "$SHM"
traced cut -x strsize=16 -qn 'profile-97 / pid == $1 / { printf("%s\n", cwd); exit(0); }' "$BUSY"
kill -KILL "$SHM"
same "cwd on a mount" "$(cat mnt.out)" /dev/shm
same "cut" "$(cat cut.out)" "${where:0:15}"

kill -KILL $BUSY

# Registers at the probe are those of the call.
start copied "$T/copied"
traced regs -qn 'pid$target::touched:entry { printf("%d %d\n", regs[R_RCX], regs[R_RDI] == arg0 && regs[R_RDI] == uregs[R_RDI]); exit(0); }' -p "$PID"
kill "$PID"
same "regs" "$(cat regs.out)" "7 1"

traced misc -qn 'BEGIN { printf("%d %d %d\n", errno, pset, chip >= 0 && lgrp >= 0); exit(0); }'
same "errno, pset" "$(cat misc.out)" "0 0 1"

# json(): members, elements, what is not there.
cat >json.d <<'D'
BEGIN {
	j = "{\"a\": {\"b\": [10, \"x y\", {\"c\": true}]}, \"s\": \"q\\\"t\", \"n\": -1.5e3, \"e\": []}";
	printf("%s|%s|%s|%s|%s|", json(j, "a.b[0]"), json(j, "a.b[1]"), json(j, "a.b[2].c"), json(j, "s"), json(j, "n"));
	printf("%d%d%d|%s\n", json(j, "zz") == NULL, json(j, "a.b[3]") == NULL, json(j, "e[0]") == NULL, json(j, "e"));
	exit(0);
}
D
traced json -x strsize=512 -qs json.d
same "json" "$(cat json.out)" '10|x y|true|q\"t|-1.5e3|111|[]'

# tracemem() with a size that is known only at run time reads no further.
traced mem -qn 'BEGIN { p = (char *)alloca(16); p[0] = 65; p[1] = 66; tracemem(p, 16, 2); exit(0); }'
quiet mem
[ "$(grep -c '^ *0: 41 42  ' mem.out)" = 1 ] || fail "tracemem: $(cat mem.out)"

# A kernel address by its name, recorded and as a key.
addr=$(awk '$3 == "vfs_read" && !$4 { print "0x" $1 }' /proc/kallsyms)
traced sym -qn 'BEGIN { sym($1); mod($1); @[func($1), mod($1)] = count(); printa("%A %A %@d\n", @); exit(0); }' "$addr"
quiet sym
same "sym(), mod(), as keys" "$(tr -s ' \n' ' ' <sym.out)" 'vmlinux`vfs_readvmlinuxvmlinux`vfs_read vmlinux 1 '

# d_path() of the kernel's own struct path; locks that nobody holds, and a bad address.
if [ -r /sys/kernel/btf/vmlinux ]; then
	traced lock -qn 'BEGIN { m = &curthread->signal->cred_guard_mutex; w = &curthread->signal->exec_update_lock;
		printf("%d %d %d %d %d %d\n", d_path(&curthread->fs->pwd) == cwd, mutex_owned(m), mutex_owner(m) == NULL,
			mutex_type_adaptive(m), mutex_type_spin(m), rw_iswriter(w) + rw_read_held(w) + rw_write_held(w)); exit(0); }'
	quiet lock
	same "d_path, mutexes" "$(cat lock.out)" "1 0 1 1 0 0"
	traced badlock -qn 'BEGIN { mutex_owned((struct mutex *)8); } tick-50ms { exit(0); }'
	grep -q 'invalid address' badlock.err || fail "mutex_owned(8): $(cat badlock.err)"
fi
