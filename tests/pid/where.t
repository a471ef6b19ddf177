# SPDX-License-Identifier: GPL-2.0-or-later
# A profile of a program whose functions are counted meanwhile, by jumps and by breakpoints, shows the program: no sample is
# in a stub, though a good part of them are taken there.
start h "$T/hammer" 2
for m in require off; do
	dtrace -x trapfree=$m -qn 'pid$target:a.out:spin_*:entry{ @n[probefunc] = count(); } BEGIN{ printf("go\n"); }
		profile-997/pid == $target && arg1/{ @["sample", umod(arg1)] = count(); }
		profile-997/pid == $target && arg1/{ @s[ustack(1)] = count(); }
		tick-3s{ exit(0); } END{ printa("%s %A %@d\n", @); printa("frame %k %@d\n", @s); }' -p $PID >$m.out 2>$m.err || fail "$m: $(cat $m.err)"
	grep -q 'sample hammer' $m.out || fail "$m: no samples in the program: $(cat $m.out)"
	grep -E 'sample 0x|^ +0x' $m.out && fail "$m: samples where the program has nothing"
done
kill $PID; wait $PID || fail "the target died: $(cat h.out)"
