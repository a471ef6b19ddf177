# SPDX-License-Identifier: GPL-2.0-or-later
# Forks while probes come and go: no child ever dies of our breakpoints.
"$T/forker" 700 >f.out & PID=$!
while kill -0 $PID 2>/dev/null && [ "$(jobs -r | wc -l)" -gt 0 ]; do
	timeout 20 dtrace -qn 'pid$target:a.out:work:entry,pid$target:libc::entry{ @ = count(); } tick-300ms{ exit(0); }' -p $PID >/dev/null 2>&1
done
wait $PID || fail "$(cat f.out)"
grep -qx 'forker: 0 children died' f.out || fail "$(cat f.out)"
