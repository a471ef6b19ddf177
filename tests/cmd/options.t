# SPDX-License-Identifier: GPL-2.0-or-later
# Letters of the command line that other tests do not use.
traced t -64 -B -qn 'BEGIN{ printf("x%d\n", 1); @a = count(); exit(0); }' || fail "-B: $(cat t.err)"
same "-B" "$(tr -d '\n' <t.out)" "x1                1"
traced t -d -e -n 'BEGIN{ if (pid == 1) trace(1); else trace(2); }' || fail "-d: $(cat t.err)"
same "clauses that an if becomes" "$(grep -c '^:::BEGIN' t.out)" 3
traced t -e -d -s /dev/stdin <<<"$(cat t.out)" >/dev/null
echo '#include "my.h"' >x.d
echo 'BEGIN{ printf("%d", N); exit(0); }' >>x.d
echo '#define N 42' >my.h
traced t -C -H -I . -X c -qs x.d || fail "-H: $(cat t.err)"
same "-H" "$(cat t.err)" my.h
same "-I" "$(cat t.out)" 42
traced t -X t -C -qn 'BEGIN{ printf("%d", __STDC__); exit(0); }'; same "-X t" "$(cat t.out)" 0
traced t -k -qn 'BEGIN{ exit(5); }'; same "-k and exit(5)" $? 5
for o in -a -A -32 --libxo; do
	timeout 10 dtrace $o -n BEGIN >t.out 2>t.err; same "status of $o" $? 2
	grep -q "^dtrace: $o: " t.err || fail "$o: $(cat t.err)"
	same "lines about $o" "$(wc -l <t.err)" 1
done
dtrace -V >t.out || fail "-V"
grep -q '^dtrace: D 1\.[0-9]* (DTrace for Linux ' t.out || fail "-V: $(cat t.out)"
same "--version" "$(dtrace --version)" "$(cat t.out)"
dtrace --help | grep -q '^usage: dtrace' || fail "--help"
# Stability and arguments.
traced t -lvn BEGIN || fail "-lv: $(cat t.err)"
same "-lv" "$(tail -n +3 t.out)" "$(printf '
\tProbe Description Attributes
\t\tIdentifier Names: Stable
\t\tData Semantics:   Stable
\t\tDependency Class: Common

\tArgument Attributes
\t\tIdentifier Names: Stable
\t\tData Semantics:   Stable
\t\tDependency Class: Common

\tArgument Types
\t\tNone')"
traced t -vn 'BEGIN{ exit(0); }' || fail "-v: $(cat t.err)"
grep -q "^Stability attributes for description BEGIN:" t.out || fail "-v: $(cat t.out)"
# -W finds a program that is started later, by the name of its file.
cp /bin/sleep ./awaited
LIMIT=30 traced w -W awaited -qn 'END{ printf("%d", $target); }' &
w=$!
sleep 2
./awaited 1 &
pid=$!
wait $w || fail "-W: $(cat w.err)"
same "the process that -W found" "$(tr -d '\n' <w.out)" $pid
# -p of several, -c of several: it ends with the last one; the first is $target.
sleep 1 & a=$!
sleep 2 & b=$!
traced t -p $a -p $b -c 'sleep 1' -c 'sleep 2' -qn 'END{ printf("%d", $target); }' || fail "$(cat t.err)"
same "the first of several" "$(tr -d '\n' <t.out)" $a
kill -0 $b 2>/dev/null && fail "it did not wait for the last"
# -x preallocate: the memory is there before tracing begins.
dtrace -x preallocate=150m -x switchrate=5hz -qn 'BEGIN { printf("armed\n"); }' >pre.out 2>pre.err & pre=$!
awaits pre.out armed
rss=$(awk '$1 == "VmRSS:" { print $2 }' /proc/$pre/status)
kill -INT $pre
wait $pre
[ "$rss" -ge 153600 ] || fail "150 MiB are asked for beforehand, and it has $rss KiB"
