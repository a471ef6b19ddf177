# SPDX-License-Identifier: GPL-2.0-or-later
# Styles of aggregations, and printa in all forms, exactly.
export TERM=xterm
run() { local n=$1; shift; traced "$n" -q "$@" || fail "$(cat "$n.err")"; quiet "$n"; }

run pack -n 'BEGIN {
	@[1] = lquantize(0, 0, 40, 1, 1); @[1] = lquantize(3, 0, 40, 1, 1000); @[1] = lquantize(99, 0, 40, 1, 2000);
	setopt("aggpack"); printa(@); setopt("aggzoom"); printa(@); trunc(@); exit(0); }'
same aggpack "$(cat pack.out)" "

      key     min .------------------------------------------. max      | count
        1     < 0 : ▁  ▃                                    ▆: >= 40    | 3001


      key     min .------------------------------------------. max      | count
        1     < 0 : ▁  ▄                                    █: >= 40    | 3001"

run hist -x agghist -n 'BEGIN { @["cat"] = sum(10); @["ls"] = sum(30); exit(0); }'
same agghist "$(cat hist.out)" "

              key  ------------- Distribution ------------- count    
              cat |@@@@@@@@@@                               10       
               ls |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           30       "

run printa -n 'BEGIN {
	@a["x"] = count(); @a["y"] = count(); @a["y"] = count(); @b["y"] = sum(-7);
	printa("%-3s|%@3d|%@d;", @a, @b); printf("\n"); printa("%s %@x %@u\n", @b);
	printa(@a, @b); printa(@b);
	normalize(@a, 2); printa("%s=%@d;", @a); denormalize(@a); printa("%s=%@d;", @a); printf("\n");
	@t[1] = sum(1); @t[2] = sum(2); @t[3] = sum(3); trunc(@t, 2); printa("%d ", @t); trunc(@t, -1); printa("%d ", @t);
	clear(@t); printa("%d=%@d", @t); trunc(@a); trunc(@b); trunc(@t); exit(0); }'
same printa "$(cat printa.out)" "x  |  1|0;y  |  2|-7;
y fffffffffffffff9 18446744073709551609

  x                                                                 1                0
  y                                                                 2               -7

  y                                                                -7
x=0;y=1;x=1;y=2;
2 3 2 2=0"

# Keys of every width, with their signs; %k indents what "-" and a width say.
run keys -n 'BEGIN { @[(char)-1, (unsigned char)255, (short)-2, -3, 0xffffffffu, -4LL, "s"] = count(); exit(0); }'
same keys "$(cat keys.out)" "
  -1 255    -2       -3 4294967295               -4  s                                                                 1"
run stack -n 'BEGIN { @[stack(2)] = count(); printa("%k|%@d\n", @); printa("%-4k|\n", @); exit(0); }'
awk 'NR == 1 { bad = $0 != "" } NR == 2 && !/^[^ ].*`.*/ { bad = 1 } NR == 6 && !/^    [^ ]/ { bad = 1 } END { exit bad }' stack.out ||
	fail "stacks: $(cat stack.out)"
