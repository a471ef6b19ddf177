# SPDX-License-Identifier: GPL-2.0-or-later
# The program's output and exit status are the same as without dtrace.
for p in counted-pie thrower; do
	"$T/$p" >plain 2>plain.err; echo $? >>plain
	cat >wrap <<W
#!/bin/sh
"$T/$p" 2>plain2.err
W
	traced t -qo agg -n 'pid$target:::entry{ @[probefunc] = count(); }' -c "sh -c '$T/$p >seen; echo \$? >>seen'" ||
		fail "dtrace ended with $?: $(cat t.err)"
	cmp plain seen || fail "$p behaves differently under dtrace: $(cat seen)"
done
