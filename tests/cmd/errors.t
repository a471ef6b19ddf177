# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: one clear sentence on stderr, exit 1 (error) or 2 (usage), nothing left behind.
says() {	# STATUS REGEX dtrace-arguments...
	local want=$1 re=$2; shift 2
	timeout 60 dtrace "$@" >o 2>e </dev/null; local got=$?
	same "status of dtrace $*" $got "$want"
	grep -Eiq -- "$re" e || fail "dtrace $*: '$(cat e)' does not say '$re'"
	[ "$want" = 2 ] || [ "$(grep -c '^dtrace: ' e)" = 1 ] || fail "dtrace $*: not one sentence: $(cat e)"
	[ ! -s o ] || fail "dtrace $*: wrote to stdout: $(cat o)"
}
says 1 'no process|no such process' -n 'pid$target:::entry' -p 999999
says 1 'pid 999999|999999' -n 'pid999999:::entry'
says 1 'no_such_function' -n 'pid$target:a.out:no_such_function:entry' -c /bin/true
says 1 'no_such_module' -n 'pid$target:no_such_module::entry' -c /bin/true
says 1 'syntax' -n 'BEGIN{ trace(1 }'
says 1 'is not a variable' -n 'BEGIN{ trace(no_such_variable); }'
says 1 'match' -n 'nosuch:::probe'
says 1 'not found|no such file|cannot' -n 'pid$target:::entry' -c /no/such/program
says 1 'executable|permission|format' -n 'pid$target:::entry' -c /etc/passwd
says 1 'no such file|cannot open' -s /no/such/script.d
says 1 'target' -n 'pid$target:::entry'
says 1 'bufsize|buffer' -b 1 -n 'BEGIN{ exit(0); }'
says 1 'option' -x nosuchoption -n 'BEGIN'
says 2 'usage' -Y
says 2 'usage'
says 1 'no zones' -x zone=global -n 'BEGIN{ exit(0); }'
says 1 'with option -w' -n 'BEGIN{ system("true"); exit(0); }'
says 1 'not a 64-bit' -n 'pid$target:::entry' -c "$T/tiny32"
mkdir folder.d
says 1 'directory|regular' -s folder.d
su -s /bin/sh nobody -c "dtrace -n BEGIN" >o 2>e && fail "nobody may trace"
grep -Eiq 'root|permission' e || fail "not root: $(cat e)"
same "users of the module" "$(awk '$1 == "dtrace" { print $3 }' /proc/modules)" 0
