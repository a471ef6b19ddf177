# SPDX-License-Identifier: GPL-2.0-or-later
# C++: templates, methods and lambdas of two files; and the probes that libstdc++ has.
traced t -qn 'appcc$target:::, libstdcxx$target:::throw { @[probename] = count(); }' \
	-n 'appcc$target:::method /copyinstr(arg1) != "thing"/ { @["wrong"] = count(); }' \
	-n 'END { printa("%s %@d\n", @); }' -c "$T/usdt/appcc 30" || fail "$(cat t.err)"
quiet t
same "counts" "$(grep -v '^$' t.out | sort)" "$(sort "$TRUTH")"
same "throws" "$(grep throw "$TRUTH")" "throw 60"
