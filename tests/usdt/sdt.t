# SPDX-License-Identifier: GPL-2.0-or-later
# A program built with SystemTap's <sys/sdt.h>, not with ours.
[ -x "$T/usdt/sdt-O2" ] || skip "built without <sys/sdt.h> (package systemtap-sdt-dev)"
cat >s.d <<'END'
realsdt$target:::some-args { printf("some-args %d %d %d %s %d\n", arg0, arg1, arg2, copyinstr(arg3), arg4); }
realsdt$target:::global { printf("global %d %d %d\n", arg0, arg1, arg2); }
realsdt$target:::many { printf("many %d %d %d\n", arg0, arg8, arg9); }
realsdt$target:::asked { printf("asked %d\n", arg0); asked++; }
realsdt$target:::plain { plain++; }
END { printf("total %d %d\n", plain, asked); }
END
for o in O0 O2; do
	traced t -qs s.d -c "$T/usdt/sdt-$o 50" || fail "$o: $(cat t.err)"
	quiet t
	sort "$TRUTH" >want
	grep -v '^$' t.out | sort >got
	cmp -s want got || fail "$o: $(diff want got | head -n 8)"
done
same "the program was asked" "$(grep '^total' want)" "total 50 50"
