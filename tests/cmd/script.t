# SPDX-License-Identifier: GPL-2.0-or-later
# A #! script with options and arguments; -o, -C and -D; exit(n) is the status.
cat >hello.d <<'D'
#!/usr/bin/env -S dtrace -qs
#pragma D option strsize=64
BEGIN { printf("%s %d %s\n", $$1, $2 + 1, "x"); exit($2); }
D
chmod +x hello.d
./hello.d there 41 >o 2>e; same status $? 41
same output "$(cat o)" "there 42 x"
printf '#include <limits.h>\nBEGIN { printf("%%d %%d\\n", NUM, INT_MAX); exit(0); }\n' >c.d
traced t -CqD NUM=5 -s c.d -o out || fail "$(cat t.err)"
same "-C -D" "$(cat out)" "5 2147483647"
traced t -e -n 'BEGIN{ exit(3); }' || fail "-e: $(cat t.err)"
traced t -V || fail -V
