# SPDX-License-Identifier: GPL-2.0-or-later
# -p twice, and a second consumer on the same process at the same time.
for i in 1 2; do
	mkfifo in$i
	"$T/sleeper" <in$i >s$i.out & eval "P$i=$!"
done
exec 7>in1 8>in2
awaits s1.out ready; awaits s2.out ready
dtrace -qn "pid$P1:a.out:work:entry,pid$P2:a.out:work:entry{ @[pid] = count(); }" -p $P1 -p $P2 >d1.out 2>d1.err 7>&- 8>&- & D1=$!
dtrace -qn 'pid$target:a.out:work:return{ @ = sum(arg1); } BEGIN{ printf("go\n"); }' -p $P1 >d2.out 2>d2.err 7>&- 8>&- & D2=$!
awaits d2.out go
sleep 2
printf 'aa' >&7; printf 'aaaa' >&8
sleep 1
exec 7>&- 8>&-
wait $D2 || fail "$(cat d2.err)"
wait $D1 || fail "$(cat d1.err)"
grep -Eq "$P1 +2$" d1.out && grep -Eq "$P2 +4$" d1.out || fail "counts: $(cat d1.out d1.err)"
grep -Eq "^ +196$" d2.out || fail "sum of arg1 of two returns is 2 * 98: $(cat d2.out d2.err)"
