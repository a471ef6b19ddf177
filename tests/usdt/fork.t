# SPDX-License-Identifier: GPL-2.0-or-later
# A forked child is another process: its probes do not fire, and its is-enabled macros are false.
traced t -qn 'app$target:::begin, app$target:::asked { @[probename] = count(); }' \
	-n 'END { printa("total %s %@d\n", @); }' -c "$T/usdt/app fork 30" || fail "$(cat t.err)"
quiet t
same "parent" "$(grep -v '^$' t.out | sort)" "$(grep -E 'total (begin|asked) ' "$TRUTH" | sort)"
same "begins of the parent" "$(grep -c '^kinds' "$TRUTH")" 60
same "the child was asked" "$(grep 'total asked' "$TRUTH.child")" "total asked 0"
