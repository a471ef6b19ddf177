# SPDX-License-Identifier: GPL-2.0-or-later
# cwd while a folder above it is renamed all the time: one of its two names, never a mixture. No probe here
# is inside the rename itself, so that there is nearly always an answer: none only where the machine that renames
# stops in the midst of it for longer than the probe will wait. Renames elsewhere do not matter at all.
trap 'kill -KILL $BUSY $STORM $OTHER 2>/dev/null' EXIT
command -v python3 >/dev/null || skip "there is no python3 to rename fast enough"
mkdir -p one/b/c/d elsewhere
(cd one/b/c/d && exec bash -c 'while :; do :; done') & BUSY=$!
sleep 0.5
storm='import os, sys
a, b = sys.argv[1:]
os.rename(a, b)
print("ready", flush=True)
while True:
    os.rename(b, a)
    os.rename(a, b)'
start storm python3 -c "$storm" one another-longer-name; STORM=$PID
start other python3 -c "$storm" elsewhere nowhere; OTHER=$PID
here=$PWD
traced cwd -qn 'profile-4001 / pid == $1 / { ++n; @[cwd] = count(); } ERROR { ++f; } profile-4001 / n >= 2000 / { exit(0); }
	END { printf("without %d of %d\n", f, n); printa("%s\n", @); }' "$BUSY"
read -r _ f _ n < <(grep ^without cwd.out)
[ $((f * 20)) -le "$n" ] || fail "$f times no answer, of $n"
same "both names, nothing else" "$(grep / cwd.out | sort)" "$here/another-longer-name/b/c/d
$here/one/b/c/d"

kill -KILL "$STORM"
here=$(readlink "/proc/$BUSY/cwd")
traced still -qn 'profile-997 / pid == $1 / { ++n; @[cwd] = count(); } profile-997 / n >= 1000 / { exit(0); } END { printa("%s\n", @); }' "$BUSY"
if grep -v 'could not deliver' still.err; then fail "renames elsewhere: $(head -n 3 still.err)"; fi
same "one name" "$(grep / still.out)" "$here"
