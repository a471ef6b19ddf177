# SPDX-License-Identifier: GPL-2.0-or-later
# Aggregating without a trap: every function, by argument and return values and under predicates, equals what the program itself has
# added up, while its threads are interrupted 5,000 times a second by signals whose handlers are counted, too; and equals
# what breakpoints give, bucket by bucket. Consumers that want a trap come and go meanwhile: nothing is lost, nothing twice.
all='pid$target:a.out:work:entry{ @n = count(); @s = sum(arg0); @lo = min(arg0); @hi = max(arg0); }
pid$target:a.out:work:entry{ @a = avg(arg0); }
pid$target:a.out:work:entry/(long)arg0 > 1000 && arg1 & 1/{ @odd = sum(arg1); }
END{ printa("%@d %@d %@d %@d %@d %@d\n", @n, @s, @lo, @hi, @a, @odd); }'
back='pid$target:a.out:back:return{ @n = count(); @s = sum(arg1); @lo = min(arg1); @hi = max(arg1); }
pid$target:a.out:back:return{ @a = avg(arg1); } pid$target:a.out:turn:return,pid$target:a.out:work:return{ @[probefunc] = count(); }
END{ printa("%@d %@d %@d %@d %@d", @n, @s, @lo, @hi, @a); printa(" %s %@d", @); }'
dev='pid$target:a.out:work:entry{ @d = stddev(arg0); } END{ printa("%@d\n", @d); }'

for calls in 3 100000; do
	rm -f all.d
	dtrace -x trapfree=require -qn "$all" -o all.d -c "$T/tallied $calls 4" >all.out 2>all.err || fail "require: $(cat all.err)"
	same "$calls calls" "$(cat all.d)" "$(cut -d' ' -f1-6 all.out)"
	rm -f back.d
	dtrace -x trapfree=require -qn "$back" -o back.d -c "$T/tallied $calls 4" >back.out 2>back.err || fail "require: $(cat back.err)"
	same "$calls returns" "$(cat back.d)" "$(awk '{ print $1, $2, $3, $4, $5, "turn", $1, "work", $1 }' back.out)"
done
dtrace -x trapfree=require -qn "$dev" -o dev.d -c "$T/tallied 50000" >dev.out 2>dev.err || fail "require: $(cat dev.err)"
same stddev "$(cat dev.d)" "$(cut -d' ' -f7 dev.out)"

# Buckets. These runs are alike; what breakpoints count is the other tests' affair.
buckets='pid$target:a.out:work:entry{ @q["q"] = quantize(arg0); @l["l"] = lquantize(arg0, -300, 30000, 700);
	@ll["ll"] = llquantize(arg0, 10, 0, 9, 20); }
pid$target:a.out:work:entry/arg1 % 3 == 0 || !arg0/{ @p["p"] = quantize((int)arg0 / 16 + arg1 % 10); }'
for m in off require; do
	dtrace -x trapfree=$m -qn "$buckets" -o $m.d -c "$T/tallied 20000 3 alike" >$m.out 2>$m.err || fail "$m: $(cat $m.err)"
done
[ "$(grep -c '@' off.d)" -gt 10 ] || fail "no buckets: $(cat off.d)"
cmp off.d require.d || fail "jumps and breakpoints differ: $(diff off.d require.d)"

# The first one's clauses never need a trap, the others' do. They come and go while it counts.
dtrace -qn "$all" -n 'BEGIN{ printf("go\n"); }' -c "$T/tallied 0 4" >mix.out 2>mix.err & D=$!
awaits mix.out go
PID=$(pgrep -x tallied) || fail "there is no tallied: $(cat mix.err)"
for n in 1 2 3; do
	dtrace -qn 'pid$target:a.out:work:entry{ @[arg1 & 3] = count(); } tick-100ms{ exit(0); }' -p "$PID" >trap.out 2>&1 ||
		fail "who traps: $(cat trap.out)"
	dtrace -qn 'pid$target:a.out:work:entry{ @ = quantize(arg1); } tick-100ms{ exit(0); }' -p "$PID" >jump.out 2>&1 ||
		fail "who does not: $(cat jump.out)"
	grep -q '@' jump.out || fail "nothing was counted beside the first: $(cat jump.out)"
done
kill -TERM "$PID"
wait $D || fail "the first: $(cat mix.err)"
same "with others" "$(awk 'NF == 6' mix.out)" "$(awk 'NF == 7' mix.out | cut -d' ' -f1-6)"

dtrace -qn "$back" -n 'BEGIN{ printf("go\n"); }' -c "$T/tallied 0 4" >mix.out 2>mix.err & D=$!
awaits mix.out go
PID=$(pgrep -x tallied) || fail "there is no tallied: $(cat mix.err)"
for f in back turn work; do
	dtrace -qn "pid\$target:a.out:$f:return{ @[arg1 & 3] = count(); } tick-100ms{ exit(0); }" -p "$PID" >trap.out 2>&1 ||
		fail "who traps: $(cat trap.out)"
	dtrace -qn "pid\$target:a.out:$f:entry{ @ = quantize(arg1); } tick-100ms{ exit(0); }" -p "$PID" >jump.out 2>&1 ||
		fail "who does not: $(cat jump.out)"
done
kill -TERM "$PID"
wait $D || fail "the first: $(cat mix.err)"
same "returns with others" "$(grep turn mix.out)" \
	"$(awk 'NF == 7 { print $1, $2, $3, $4, $5, "turn", $1, "work", $1 }' mix.out)"

# Killed in the middle: no hit is half counted.
seven='pid$target:a.out:work:entry{ @s = sum(arg0); @n = count(); @a = avg(arg0); @d = stddev(arg0); @lo = min(arg0); @hi = max(arg0); }
BEGIN{ printf("go\n"); } END{ printa("%@d %@d %@d %@d %@d %@d\n", @s, @n, @a, @d, @lo, @hi); }'
for n in 1 2 3 4 5 6; do
	dtrace -x trapfree=require -qn "$seven" -c "$T/tallied 0 4 seven" >seven.out 2>seven.err & D=$!
	awaits seven.out go
	sleep 0.$n
	pkill -KILL -x tallied || fail "there is no tallied: $(cat seven.err)"
	wait $D
	[ "$(awk 'NF == 6 && $1 > 0 && $1 == 7 * $2 { print $3, $4, $5, $6 }' seven.out)" = "7 0 7 7" ] ||
		fail "after SIGKILL: $(cat seven.out seven.err)"
done
