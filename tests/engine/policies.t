# SPDX-License-Identifier: GPL-2.0-or-later
# Buffer policies: a ring keeps the newest records in order, END's last; fill keeps the
# oldest, stops by itself, and has room for END.

# 40-byte records (header, int, padding, int64): far more than fit; the last ones stay, whole and in order.
traced ring -x bufpolicy=ring -b 4k -x cpu=0 -qn 'profile-997 { printf("%d\n", ++n); } tick-2s { exit(0); } END { printf("END %d\n", n); }'
last=$(sed -n 's/^END //p' ring.out)
[ "${last:-0}" -gt 300 ] || fail "ring: $(tail -n 3 ring.out)"
same "END is last" "$(grep . ring.out | tail -n 1)" "END $last"
grep [0-9] ring.out | grep -v END >ring.n
same "newest" "$(tail -n 1 ring.n)" "$last"
first=$(head -n 1 ring.n)
[ "$first" -gt 1 ] || fail "ring did not go round: begins with $first"
same "no gap" "$(cat ring.n)" "$(seq "$first" "$last")"
count=$(wc -l <ring.n)
[ "$count" -ge 160 ] || fail "ring of 4k holds only $count records of 24 bytes"
if grep -q ' drop' ring.err; then fail "a ring drops nothing: $(cat ring.err)"; fi

# A ring that is not full has everything, BEGIN's too (CPUs come one after the other).
traced part -x bufpolicy=ring -x cpu=0 -qn 'BEGIN { printf("begin "); } tick-10ms / ++n < 5 / { printf("%d ", n); } tick-10ms / n == 5 / { exit(0); } END { printf("end"); }'
same "ring, not full" "$(cat part.out)" "begin 1 2 3 4 end"

traced fill -x bufpolicy=fill -b 4k -x cpu=0 -qn 'profile-997 { printf("%d\n", ++n); } END { printf("END %d\n", n > 0); }'
same "END" "$(grep . fill.out | tail -n 1)" "END 1"
grep [0-9] fill.out | grep -v END >fill.n
count=$(wc -l <fill.n)
[ "$count" -ge 150 ] && [ "$count" -le 170 ] || fail "fill of 4k holds $count records of 24 bytes"
same "the oldest" "$(cat fill.n)" "$(seq 1 "$count")"

# The size asked for is the size there is, below a page, too: 10 records of 24 bytes in 256.
body='BEGIN { printf("%d ", ++n); } '
traced tiny -b 256 -qn "$(for _ in $(seq 20); do echo "$body"; done) tick-100ms { exit(0); }"
same "tiny" "$(cat tiny.out)" "1 2 3 4 5 6 7 8 9 10 "
grep -Eq '^dtrace: 10 drops on CPU' tiny.err || fail "tiny: $(cat tiny.err)"

# bufresize=manual gives up where auto makes do.
if traced manual -x bufresize=manual -b 1g -qn 'BEGIN { exit(0); }'; then fail "1g a CPU was granted"; fi
grep -q 'not enough memory' manual.err || fail "manual: $(cat manual.err)"
traced auto -x bufresize=auto -b 1g -qn 'BEGIN { printf("ok"); exit(0); }'
same "auto" "$(cat auto.out)" "ok"
