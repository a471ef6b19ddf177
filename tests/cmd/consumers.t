# SPDX-License-Identifier: GPL-2.0-or-later
# Eight consumers at once, each with its own count; then nothing is left.
for i in $(seq 8); do
	dtrace -qn "tick-100ms{ n++; } tick-100ms/ n == $i /{ printf(\"$i %d\n\", n); exit(0); }" >o$i 2>e$i & P[i]=$!
done
for i in $(seq 8); do wait "${P[i]}" || fail "consumer $i: $(cat e$i)"; grep -qx "$i $i" o$i || fail "consumer $i: $(cat o$i)"; done
same "users of the module" "$(awk '$1 == "dtrace" { print $3 }' /proc/modules)" 0
