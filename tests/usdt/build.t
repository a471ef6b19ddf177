# SPDX-License-Identifier: GPL-2.0-or-later
# -h and -G write what a build needs, without the module. (What they refuse: program_usdt_test.)
cp "$here/usdt/app.d" .
dtrace -xnolibs -h -s app.d 2>err && [ ! -s err ] || fail "-h: $(cat err)"
for m in 'APP_QUERY_START(arg0, arg1)' 'APP_QUERY_START_ENABLED()' 'APP_BEGIN()'; do
	grep -qF "#define $m " app.h || fail "app.h lacks $m"
done
same "no other header" "$(grep -c '#include' app.h)" 0
dtrace -G -xnolibs -s app.d 2>err && [ ! -s err ] || fail "-G: $(cat err)"
same "the object" "$(head -c 4 app.o | tail -c 3)" ELF
before=$(cksum <app.o)
dtrace -G -xlazyload -xnolibs -s app.d app.o -o other.o || fail "-G with objects"
same "the objects are left alone" "$(cksum <app.o)" "$before"
same "the object, with objects given" "$(cksum <other.o)" "$before"
echo '#define T int' >t.h
printf '#include "t.h"\nprovider p { probe a(T); };\n' >p.d
dtrace -xnolibs -C -I. -h -s p.d -o - | grep -qF '(int)(arg0)' || fail "-C -h"
rm -f out
dtrace -xnolibs -C -I. -h -s app.d -s p.d -o out && grep -q P_A out && grep -q APP_BEGIN out || fail "-h of two scripts"
dtrace -xnolibs -G -s app.d -o app.o app.o 2>err; same "-G over an object" $? 1
grep -q 'would be overwritten' err || fail "$(cat err)"
rm -f out
dtrace -xnolibs -h -s t.h -o out 2>err; same "-h of no D" $? 1
[ ! -e out ] || fail "it left a file"
echo 'BEGIN { exit(0); }' >clause.d
dtrace -xnolibs -G -s app.d -s clause.d -o out 2>err; same "-G, the second script has a clause" $? 1
[ ! -e out ] || fail "it left an object"
(trap '' XFSZ; ulimit -f 1; dtrace -xnolibs -h -s app.d -o out 2>err); same "-h into a file that cannot be written" $? 1
grep -q 'cannot write out' err || fail "$(cat err)"
[ ! -e out ] || fail "it left half a header"
dtrace -xnolibs -h -s app.d -o /dev/full 2>err; same "-h into a device that is full" $? 1
[ -c /dev/full ] || fail "it took a device away"
