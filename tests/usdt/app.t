# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of argument, and counts: the program's own, in builds that differ.
args() {
	cat <<-'END'
	app$target:::kinds { printf("kinds %d %d %d %d %d %d %d %d %d %d\n", arg0, arg1, arg2, arg3, arg4, arg5, arg6,
		arg7, arg8, arg9); }
	app$target:::twelve { printf("twelve %d %d\n", arg0, arg9); }
	app$target:::constants { printf("constants %d %d %d\n", arg0, arg1, arg2); }
	app$target:::bits { printf("bits %x %x\n", arg0, arg1); }
	app$target:::query-start { printf("start %d %s\n", arg0, copyinstr(arg1)); }
	app$target:::query-done { printf("done %d %d %d\n", arg0, arg1, *(long *)copyin(arg2 + 8, 8)); }
	app$target:::begin, app$target:::query-*, app$target:::site, app$target:::asked { @[probename] = count(); }
	applib$target:::work { @["work"] = count(); }
	applib$target:::asked { @["lib-asked"] = count(); }
	END { printa("total %s %@d\n", @); }
	END
}
for app in app app-O0 app-nopie app-static app-stripped app-linked app-cxx; do
	traced t -qs <(args) -c "$T/usdt/$app run 40" || fail "$app: $(cat t.err)"
	quiet t
	sort "$TRUTH" >want
	grep -v '^$' t.out | sort >got
	cmp -s want got || fail "$app: $(diff want got | head -n 8)"
	same "$app: rounds" "$(grep -c '^kinds' got)" 40
	grep -q '^total asked 40$' got || fail "$app: the program did not see that it was traced"
done
