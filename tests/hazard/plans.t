# SPDX-License-Identifier: GPL-2.0-or-later
# Sessions that each ask for something new leave what they needed behind, in the traced process, but not without end: then
# calls are counted by breakpoints. Numbers are right all the same.
[ -x /usr/bin/python3 ] || skip "/usr/bin/python3 is not installed"
cat >loop.py <<'PROGRAM'
import json, sys
print("ready", flush=True)
for line in sys.stdin:
    for i in range(int(line)):
        json.dumps([i])
    print("done", flush=True)
PROGRAM
mkfifo in
/usr/bin/python3 loop.py <in >answers & PID=$!
exec 5>in
awaits answers ready
size() { awk '/^VmRSS/ { print int($2 / 1024) }' /proc/$PID/status; }
limited=0
for n in $(seq 30); do
	rm -f answers.$n v.out
	not=$(for i in 0 1 2 3 4 5; do printf '%s' "arg$i != $n$i && "; done)
	dtrace -x trapfree=on -vqo v.out -n 'BEGIN{ printf("go\n"); } pid$target:a.out::entry/'"$not"'1/{ @n = count(); }
		pid$target:a.out::return/arg1 != '$n' && arg1 != '$n'1 && arg1 != '$n'2 && arg1 != '$n'3/{ @r = count(); }
		END{ printa("n %@d %@d\n", @n, @r); }' -p $PID >v.log 2>v.err & D=$!
	awaits v.out go
	before=$(wc -l <answers)
	echo 20 >&5
	for i in $(seq 1000); do [ "$(wc -l <answers)" -gt $before ] && break; sleep 0.02; done
	kill -INT $D; wait $D || fail "session $n: $(cat v.err)"
	cat v.out v.log v.err >all.$n
	grep -q "^n [1-9]" all.$n || fail "session $n counted nothing: $(tail -n 3 all.$n)"
	size >>sizes
	grep -Eq 'without (memory|room)' all.$n && { limited=$n; break; }
done
[ $limited -gt 1 ] || fail "the limit was not met: $(tr '\n' ' ' <sizes) MiB"
[ "$(tail -n 1 sizes)" -lt $(($(head -n 1 sizes) + 200)) ] || fail "the process has grown: $(tr '\n' ' ' <sizes) MiB"
restored $PID
exec 5>&-
wait $PID || fail "the target died"
