# SPDX-License-Identifier: GPL-2.0-or-later
# Every way to name an object and a function.
mkfifo in
"$T/sleeper" <in >s.out & PID=$!
exec 9>in
awaits s.out ready
n() { dtrace -ln "pid$PID:$1:entry" -p $PID 2>err | tail -n +2 | wc -l; }
for m in a.out sleeper 'sl*' ''; do same "work in module '$m'" "$(n "$m:work")" 1; done
for m in libc libc.so libc.so.6 'libc*' 'libc.so*' '*c.so.[0-9]'; do same "malloc in module '$m'" "$(n "$m:malloc")" 1; done
same "calloc and malloc by glob" "$(n 'libc:[cm]alloc')" 2
[ "$(n 'libc:')" -gt 2000 ] || fail "libc has more functions than $(n 'libc:')"
exec 9>&-
wait $PID
