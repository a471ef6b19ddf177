# curpsinfo, curlwpsinfo, curcpu and fds[], against what /proc says of the same process.
mkfifo in
echo some text >file
nice -n 5 "$T/sleeper" <in >s.out 3>>file & PID=$!
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
	printf 'argv %x\n' "${stat[45]}"
	echo "psargs $(tr '\0' ' ' </proc/$PID/cmdline | sed 's/ $//')"
	echo "lwpid $PID"
	echo "nice ${stat[16]}"
	echo "name $(cat /proc/$PID/comm)"
	echo "sname O"
	echo "clname TS"
	echo "addr 1"
	echo "cpu 1 1"
	echo "fd3 file $(findmnt -n -o FSTYPE -T "$PWD/file") 2001"
	echo "path $PWD/file"
	echo "nofd <none>"
	echo "whole $PID $(cat /proc/$PID/comm) $PID"
	echo "kept $PID 1"
	echo "parent ${stat[1]} $(cat /proc/${stat[1]}/comm)"
} >want
exec 9>&-
wait $PID
sed '/^armed$/d; /^$/d' d.out >got
diff want got >diff.out || fail "differs from /proc: $(cat diff.out)"
