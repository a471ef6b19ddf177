# SPDX-License-Identifier: GPL-2.0-or-later
# A dtrace that is killed, again and again, leaves the interpreter as it was; one that execs or ends in the middle is
# no accident; a hundred short-lived ones leave nothing behind.
. "$here/python/lib.sh"
pythons | awk '$2 == "/"' | head -n 1 >list
[ -s list ] || skip "no python3.X in PATH, nor in DT_PYTHONS without a folder of its own"
read -r name root exe <list
ready /

D='BEGIN{ printf("go\n"); } python$target:::function-entry{ @[copyinstr(arg1)] = count(); } python$target:::function-return{ @r = count(); }'
start busy "$exe" $PROGRAMS/busy.py
for i in $(seq 5); do
	dtrace -qn "$D" -p $PID >k.out 2>k.err & D1=$!
	awaits k.out go
	sleep 0.$i
	kill -KILL $D1
	wait $D1 2>/dev/null
	restored $PID
done
kill $PID
wait $PID || fail "the program was disturbed: $(cat busy.out busy.err)"
same "its last word" "$(tail -n 1 busy.out)" good

# exec in the middle: python, then a shell, then python, in one process.
cat >first.py <<-P
	import os
	def before(): pass
	for i in range(11): before()
	os.execv("/bin/sh", ["sh", "-c", "exec $exe $PWD/second.py"])
P
cat >second.py <<-P
	import os
	def after(): pass
	for i in range(22): after()
	os._exit(3)
P
traced exec -qZn 'python$target:::function-entry/copyinstr(arg1) == "before" || copyinstr(arg1) == "after"/{ @[copyinstr(arg1)] = count(); }' \
	-c "$exe first.py"
quiet exec
same "calls before the execs and after" "$(awk 'NF == 2 { printf "%s %s ", $1, $2 }' exec.out)" "before 11 after 22 "

# Short lives: all of them are seen by a pattern for the machine, or were too short; nothing stays.
cat >many.sh <<-S
	for i in \$(seq 100); do $exe -S -c 'def f(): pass
	f()' || exit 1; done
S
traced many -qZn 'python*:::function-entry{ @ = count(); } BEGIN{ } END{ printa("%@d\n", @); }' -c 'sh many.sh' || fail "many: $(cat many.err)"
