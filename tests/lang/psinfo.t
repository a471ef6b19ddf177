# SPDX-License-Identifier: GPL-2.0-or-later
# curpsinfo, curlwpsinfo, curcpu and fds[], against what /proc says of the same process.
command -v python3 >/dev/null || skip "there is no python3 for the programs to trace"
mkfifo in
echo some text >file
# It has a child that has exited with 7 and that nobody has waited for, and may run on one CPU only.
cat >start.py <<'PY'
import os, sys
os.fork() or os._exit(7)
os.sched_setaffinity(0, {0})
os.execv(sys.argv[1], sys.argv[1:])
PY
nice -n 5 python3 start.py "$T/sleeper" with "three words" <in >s.out 3>>file & PID=$!
exec 9>in
awaits s.out ready
cat >ps.d <<'D'
BEGIN { printf("armed\n"); }
pid$target:a.out:work:entry
{
	printf("pid %d\nppid %d\npgid %d\nsid %d\n", curpsinfo->pr_pid, curpsinfo->pr_ppid, curpsinfo->pr_pgid,
	       curpsinfo->pr_sid);
	printf("uid %d %d\ngid %d %d\n", curpsinfo->pr_uid, curpsinfo->pr_euid, curpsinfo->pr_gid, curpsinfo->pr_egid);
	printf("fname %s\nnlwp %d\narglen %d\nargv %x\n", curpsinfo->pr_fname, curpsinfo->pr_nlwp, curpsinfo->pr_arglen,
	       curpsinfo->pr_argv);
	printf("psargs %s\n", curpsinfo->pr_psargs);
	printf("lwpid %d\nnice %d\nname %s\nsname %c\nclname %s\n", curlwpsinfo->pr_lwpid, curlwpsinfo->pr_nice,
	       curlwpsinfo->pr_name, curlwpsinfo->pr_sname, curlwpsinfo->pr_clname);
	printf("addr %d\n", curlwpsinfo->pr_addr == (uintptr_t)curthread);
	printf("cpu %d %d\n", curcpu->cpu_id == cpu, curlwpsinfo->pr_onpro == cpu);
	printf("size %d\nrss %d\n", curpsinfo->pr_size, curpsinfo->pr_rssize);
	printf("tty %d\nwstat %d\nargc %d\nzone %d %s\n", curpsinfo->pr_ttydev == PRNODEV, curpsinfo->pr_wstat,
	       curpsinfo->pr_argc, curpsinfo->pr_zoneid, zonename);
	this->arg = (uintptr_t *)copyin(curpsinfo->pr_argv, 4 * sizeof(uintptr_t));
	printf("args %s,%s,%d\n", copyinstr(this->arg[1]), copyinstr(this->arg[2]), this->arg[3] == 0);
	printf("envp %x\n", curpsinfo->pr_envp);
	printf("env %s\n", copyinstr(*(uintptr_t *)copyin(curpsinfo->pr_envp, sizeof(uintptr_t))));
	printf("dmodel %d\n", curpsinfo->pr_dmodel == PR_MODEL_LP64);
	printf("bind %d %d\n", curlwpsinfo->pr_bindpro, curlwpsinfo->pr_bindpset == PS_NONE);
	printf("pri %d %d\nsyscall %d\n", curlwpsinfo->pr_oldpri, curlwpsinfo->pr_pri, curlwpsinfo->pr_syscall);
	this->dead = (struct task_struct *)((uintptr_t)curthread->children.next - offsetof(struct task_struct, sibling));
	printf("child %c %d %d\n", xlate <lwpsinfo_t>(this->dead).pr_sname, xlate <psinfo_t>(this->dead).pr_wstat,
	       xlate <psinfo_t>(this->dead).pr_argc);
	printf("fd3 %s %s %o\n", fds[3].fi_name, fds[3].fi_fs, fds[3].fi_oflags & (O_ACCMODE | O_APPEND));
	printf("path %s\n", fds[3].fi_pathname);
	printf("nofd %s\n", fds[1000].fi_name);
	/* through whole structs: the same */
	this->ps = xlate <psinfo_t>(curthread);
	printf("whole %d %s %d\n", this->ps.pr_pid, this->ps.pr_fname, this->ps.pr_lwp.pr_lwpid);
	self->ps = curpsinfo;
	printf("kept %d %d\n", self->ps->pr_pid, self->ps != NULL);
	/* and of another process */
	this->up = curthread->real_parent;
	printf("parent %d %s\n", xlate <psinfo_t>(this->up).pr_pid, xlate <psinfo_t>(this->up).pr_fname);
	exit(0);
}
D
dtrace -q -x switchrate=20hz -s ps.d -p $PID >d.out 2>d.err 9>&- & D=$!
awaits d.out armed
printf a >&9
wait $D || fail "dtrace ended with $?: $(cat d.err d.out)"
stat=($(sed 's/.*) //' /proc/$PID/stat))	# from the state on
st() { awk -v k="$1:" '$1 == k { print $2, $3 }' /proc/$PID/status; }
{
	echo "pid $PID"
	echo "ppid ${stat[1]}"
	echo "pgid ${stat[2]}"
	echo "sid ${stat[3]}"
	echo "uid $(st Uid)"
	echo "gid $(st Gid)"
	echo "fname $(cat /proc/$PID/comm)"
	echo "nlwp ${stat[17]}"
	echo "arglen $(wc -c </proc/$PID/cmdline)"
	printf 'argv %x\n' $((stat[25] + 8))
	echo "psargs $(tr '\0' ' ' </proc/$PID/cmdline | sed 's/ $//')"
	echo "lwpid $PID"
	echo "nice ${stat[16]}"
	echo "name $(cat /proc/$PID/comm)"
	echo "sname O"
	echo "clname TS"
	echo "addr 1"
	echo "cpu 1 1"
	echo "size $(st VmSize)" | sed 's/ kB//'
	echo "rss near"
	echo "tty 1"
	echo "wstat 0"
	echo "argc $(tr -dc '\0' </proc/$PID/cmdline | wc -c)"
	echo "zone 0 global"
	echo "args with,three words,1"
	printf 'envp %x\n' $((stat[25] + 8 * 5))
	echo "env $(head -zn 1 /proc/$PID/environ | tr -d '\0')"
	echo "dmodel 1"
	echo "bind 0 1"
	echo "pri $((stat[15] + 100)) $((stat[15] + 100))"
	echo "syscall -1"
	echo "child Z $((7 << 8)) 0"
	echo "fd3 file $(findmnt -n -o FSTYPE -T "$PWD/file") 2001"
	echo "path $PWD/file"
	echo "nofd <none>"
	echo "whole $PID $(cat /proc/$PID/comm) $PID"
	echo "kept $PID 1"
	echo "parent ${stat[1]} $(cat /proc/${stat[1]}/comm)"
} >want
rss=$(st VmRSS)
exec 9>&-
wait $PID
# What CPUs have not added to the sum yet is less than 64 pages for each kind of memory on each of them.
ours=$(sed -n 's/^rss //p' d.out) off=$((${rss% kB} - ours))
[ "$ours" -gt 0 ] && [ ${off#-} -le $((3 * 64 * 4 * $(getconf _NPROCESSORS_CONF))) ] && sed -i 's/^rss .*/rss near/' d.out
sed '/^armed$/d; /^$/d' d.out >got
diff want got >diff.out || fail "differs from /proc: $(cat diff.out)"

# The controlling terminal, as /proc has it (another packing of the same numbers).
cat >terminal.py <<'PY'
import os, pty, sys, time
pid, fd = pty.fork()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:])
print(pid, flush=True)
time.sleep(0.5)
while True:
    os.write(fd, b"a\n")
    time.sleep(0.05)
PY
python3 terminal.py "$T/sleeper" >tty.pid & TTY=$!
trap 'kill -KILL $TTY $BUSY $RAND 2>/dev/null' EXIT
awaits tty.pid '[0-9]'
child=$(cat tty.pid)
traced tty -qn 'pid$target:a.out:work:entry { printf("%d %d\n", getmajor(curpsinfo->pr_ttydev), getminor(curpsinfo->pr_ttydev)); exit(0); }' -p "$child"
quiet tty
nr=$(sed 's/.*) //' "/proc/$child/stat" | cut -d' ' -f5)
same "terminal" "$(cat tty.out)" "$((nr >> 8 & 0xfff)) $((nr & 0xff | nr >> 12 & 0xfff00))"
kill -KILL $TTY

# A system call it is in, and none; a busy thread's share of the CPU. Kernel threads have none of it.
head -c 1000000000000 /dev/urandom >/dev/null & RAND=$!
bash -c 'while :; do :; done' & BUSY=$!
sleep 3
traced sys -qn 'profile-199 / pid == $1 / { @call[curlwpsinfo->pr_syscall] = count(); }
	profile-199 / pid == $2 / { share = curlwpsinfo->pr_pctcpu; small = curlwpsinfo->pr_cpu; }
	profile-199 / !pid / { @idle[curlwpsinfo->pr_syscall, curpsinfo->pr_size, curpsinfo->pr_argc] = count(); }
	tick-3s { exit(0); } END { printa("call %d %@d\n", @call); printa("idle %d %d %d\n", @idle); printf("share %d %d\n", share, small); }' $RAND $BUSY
[ "$(awk '$1 == "call" && $2 == 0 { n = $3 } $1 == "call" { all += $3 } END { print (n * 2 > all) }' sys.out)" = 1 ] ||
	fail "most of its time is in read(), number 0: $(grep call sys.out)"
grep '^call' sys.out | grep -qEv '^call (-1|0|1) ' && fail "it makes no such call: $(grep call sys.out)"
read -r _ share small < <(grep '^share' sys.out)
[ "$share" -gt 6553 ] && [ "$share" -le 32768 ] && [ "$small" = $((share >> 8 < 127 ? share >> 8 : 127)) ] || fail "a busy thread: $share of 32768, $small"
[ "$(grep -c '^idle' sys.out)" -le 1 ] && ! grep '^idle' sys.out | grep -v '^idle -1 0 0$' || fail "idle: $(grep idle sys.out)"
kill -KILL $BUSY $RAND
