# SPDX-License-Identifier: GPL-2.0-or-later
# Ctrl-C: END fires, aggregations print, exit 0.
dtrace -qn 'tick-20ms{ @n = count(); } END{ printf("end\n"); }' >o 2>e & D=$!
sleep 2
kill -INT $D; wait $D || fail "status $?: $(cat e)"
grep -q '^end$' o && grep -Eq '^ +[1-9][0-9]*$' o || fail "$(cat o e)"
