# SPDX-License-Identifier: GPL-2.0-or-later
# A program that changes the system runs only if that is allowed; if not, the message points at what does.
cat >prog.d <<'END'
BEGIN
{
	x = 1;
}

BEGIN
/ x == 1 /
{
	y = (x++, copyoutstr("a", 0), 3);
	exit(0);
}
END
if traced no -qs prog.d; then fail "it ran"; fi
cat >want <<'END'
dtrace: failed to enable 'prog.d': line 9: destructive actions are not allowed, and copyoutstr() is one
     9:12 | 	y = (x++, copyoutstr("a", 0), 3);
          | 	          ^
            hint: allow them with option -w, or: #pragma D option destructive
END
diff -u want no.err || fail "another message"

# It compiles, for -e changes nothing; and each way to allow it does.
traced lint -es prog.d || fail "-e: $(cat lint.err)"
for allow in -w '-x destructive' '-x destructive=1'; do
	traced yes -q $allow -n 'BEGIN { chill(1); } BEGIN { exit(0); }' || fail "$allow: $(cat yes.err)"
done
traced pragma -qn '#pragma D option destructive
BEGIN { chill(1); } BEGIN { exit(0); }' || fail "pragma: $(cat pragma.err)"
# The option counts whichever of the programs sets it.
traced two -qn 'BEGIN { chill(1); } BEGIN { exit(0); }' -n '#pragma D option destructive
END { }' || fail "second program: $(cat two.err)"
