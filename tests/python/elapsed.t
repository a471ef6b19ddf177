# SPDX-License-Identifier: GPL-2.0-or-later
# How long functions take, as the README says to ask: more than they measure of themselves, less than their caller does.
. "$here/python/lib.sh"
cat >elapsed.py <<'PROGRAM'
import sys, threading, time
now = time.monotonic_ns if hasattr(time, "monotonic_ns") else lambda: int(time.monotonic() * 1e9)
inside = {}
outside = {}
lock = threading.Lock()
def note(where, name, n):
    with lock:
        where[name] = where.get(name, 0) + n
def step(n):
    t = now()
    time.sleep(0.002)
    if n:
        measured(other, n - 1)
    note(inside, "step", now() - t)
def other(n):
    t = now()
    measured(step, n)
    note(inside, "other", now() - t)
def failing(n):
    t = now()
    try:
        measured(step, 0)
        raise ValueError
    finally:
        note(inside, "failing", now() - t)
def measured(f, n):
    t = now()
    try:
        f(n)
    except ValueError:
        pass
    finally:
        note(outside, f.__name__, now() - t)
def work():
    for i in range(5):
        measured(other, 3)
        measured(failing, 0)
threads = [threading.Thread(target=work) for i in range(3)]
for t in threads: t.start()
for t in threads: t.join()
for name in sorted(inside):
    print(name, inside[name], outside[name], flush=True)
PROGRAM
pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	cp elapsed.py "${root%/}$PROGRAMS/"
	traced "$name" -qZ -x dynvarsize=4m -n '
		python$target:::function-entry { self->began[self->depth++] = timestamp; }
		python$target:::function-return /self->depth/ {
			@[copyinstr(arg1)] = sum(timestamp - self->began[--self->depth]);
			self->began[self->depth] = 0;
		}
		END { printa("%s %@d\n", @); }' -o "$name.sums" -c "$(python "$root" "$exe" "$PROGRAMS/elapsed.py")" ||
		fail "$name: dtrace ended with $?: $(tail -n 3 "$name.err")"
	quiet "$name"
	awk 'NR == FNR { sum[$1] = $2; next }
		NF == 3 { n++; if (sum[$1] < $2 || sum[$1] > $3) { print; bad = 1 } }
		END { exit bad || n != 3 }' "$name.sums" "$name.out" >"$name.bad" ||
		fail "$name: function, ns inside, outside: $(cat "$name.bad"); dtrace says: $(grep -E '^(step|other|failing) ' "$name.sums")"
done 3<list
