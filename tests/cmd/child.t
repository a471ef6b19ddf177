# SPDX-License-Identifier: GPL-2.0-or-later
# A program of -c ends with the tracing; its quotes and its #! line are respected.
traced t -qn 'tick-100ms{ exit(4); }' -c 'sleep 4321'; same status $? 4
! pgrep -x -f 'sleep 4321' >/dev/null || fail "the program lives on"
printf '#!/bin/sh\necho "$0|$1|$2"; exit 3\n' >x.sh
chmod +x x.sh
traced t -n 'pid$target:libc:write:entry{ @ = count(); }' -c "./x.sh 'a  b' c\\ d" || fail "$(cat t.err)"
grep -qxF './x.sh|a  b|c d' t.out || fail "arguments: $(cat t.out)"
grep -q 'exited with status 3' t.err || fail "status: $(cat t.err)"
grep -qx ' *1' t.out || fail "one write by the script's own shell: $(cat t.out)"
