# SPDX-License-Identifier: GPL-2.0-or-later
# What the arguments say: file, function, line, qualified name, code object, how it began or ended.
. "$here/python/lib.sh"
cat >args.py <<'PROGRAM'
import sys
class Outer:
    class Inner:
        def method(self,
                   x):
            if x:
                return 1
            raise ValueError
def gen():
    a = yield 1

    b = yield 2
    return 3
def größe():
    pass
def begin_(): pass
begin_()
Outer.Inner().method(1)
try:
    Outer.Inner().method(0)
except ValueError:
    pass
g = gen()
next(g)
try:
    next(g)
    next(g)
except StopIteration:
    pass
g = gen()
next(g)
try:
    g.throw(KeyError)
except KeyError:
    pass
größe()
PROGRAM
cat >want.since311 <<'WANT'
function-entry method 4 Outer.Inner.method 0
function-return method 7 Outer.Inner.method 0
function-entry method 4 Outer.Inner.method 0
function-return method 8 Outer.Inner.method 2
exception-unwind method 8 Outer.Inner.method 2
function-entry gen 9 gen 0
function-return gen 10 gen 1
function-entry gen 10 gen 1
function-return gen 12 gen 1
function-entry gen 12 gen 1
function-return gen 13 gen 0
function-entry gen 9 gen 0
function-return gen 10 gen 1
function-entry gen 10 gen 2
function-return gen 10 gen 2
exception-unwind gen 10 gen 2
function-entry größe 14 größe 0
function-return größe 15 größe 0
WANT
# No qualified names there, and what is thrown into a generator resumes it.
sed 's/Outer.Inner.//; s/^function-entry gen 10 gen 2$/function-entry gen 10 gen 1/' want.since311 >want.until310

pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	cp args.py "${root%/}$PROGRAMS/"
	traced "$name" -qZ -x strsize=512 -n '
		python$target:::function-entry /copyinstr(arg1) == "begin_"/ { on = 1; }
		python$target:::function-entry, python$target:::function-return, python$target:::exception-unwind
		/on && basename(copyinstr(arg0)) == "args.py" && copyinstr(arg1) != "begin_" && copyinstr(arg1) != "<module>"/
		{ printf("%d %s %s %d %s %d\n", timestamp, probename, copyinstr(arg1), arg2, copyinstr(arg3), arg5); }' \
		-c "$(python "$root" "$exe" -X utf8 "$PROGRAMS/args.py")" || fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	quiet "$name"
	want=want.since311
	[[ $exe =~ 3\.([6-9]|10)(\.|$|/) ]] && want=want.until310
	# Return and unwinding are the same moment.
	grep . "$name.out" | LC_ALL=C sort -s -n -k1,1 | cut -d' ' -f2- >"$name.got"
	LC_ALL=C sort "$want" >a
	LC_ALL=C sort "$name.got" | diff a - >"$name.diff" || fail "$name: '<' is the truth: $(head -n 12 "$name.diff")"
done 3<list
