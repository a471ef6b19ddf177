# SPDX-License-Identifier: GPL-2.0-or-later
# -e says the same, to the letter and with the same status, whether there is a kernel part to ask (root's) or not.
n=0
while IFS= read -r p; do
	dtrace -x errtags -e -n "$p" >with 2>&1 </dev/null; a=$?
	su -s /bin/bash nobody -c 'exec dtrace -x errtags -e -n "$1"' bash "$p" >without 2>&1 </dev/null; b=$?
	same "status of '$p'" $b $a
	diff with without >d || fail "'$p': with a kernel part (<) and without (>): $(cat d)"
	n=$((n + 1))
done <<'D'
BEGIN { trace(1); }
dtrace:::BEGIN, profile:::tick-1s, profile-997hz { @[cpu] = count(); }
dtrace:::BEGINN {}
BEGINN {}
dtrace:::ERR?R {}
dtrace:::e* {}
dtrace:vmlinux::BEGIN {}
dtrace::f:END {}
tick-abc {}
profile-0 {}
profile:::profile-5001 {}
profile:::tick-100us {}
profile:::tick-1week {}
profile:m::tick-1s {}
BEGIN { trace(x); }
BEGIN { trace(curpsinfo->pr_nosuch); }
BEGIN { trace(curpsinfo->pr_taskid); }
BEGIN { trace(1 }
BEGIN { system("true"); }
BEGIN { strlen(); }
BEGIN { @a = count(); @a = sum(1); }
#pragma D option nosuch
#pragma D option incdir=/tmp
BEGIN { trace(`no_such_symbol); }
BEGIN { trace(curthread->no_such_member); }
D
[ $n -ge 25 ] || fail "only $n programs were tried"

# What only the machine that runs the program can know is taken on trust where there is no kernel part.
for p in 'syscall::read:entry {}' 'myapp$target:::query-start {}' 'pid$target:libc.so.6:malloc:entry {}' \
	'python$target:::function-entry { @[copyinstr(arg1)] = count(); @n[args[2]] = count(); }'; do
	su -s /bin/bash nobody -c 'exec dtrace -e -n "$1"' bash "$p" >o 2>&1 || fail "'$p': $(cat o)"
	[ ! -s o ] || fail "'$p' says $(cat o)"
done
su -s /bin/bash nobody -c 'exec dtrace -x errtags -e -n "$1"' bash 'pid$target:::entri {}' >o 2>&1 && fail "entri is accepted"
grep -qF '[D_PDESC_INVAL]' o || fail "$(cat o)"
su -s /bin/bash nobody -c 'exec dtrace -Z -e -n "$1"' bash 'dtrace:::BEGINN {}' || fail "-Z: it may match nothing"
