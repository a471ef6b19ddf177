# SPDX-License-Identifier: GPL-2.0-or-later
# A program that another one becomes by exec waits until its probes are placed: no call is
# missed, however many execs there are.
WORK='pid$target:a.out:work:entry,pid$target:a.out:work:return{ @[probename] = count(); }
	END{ printa("%s %@d\n", @); }'
counts() { awk '{ print $1, $2 }' | sort | tr '\n' ' '; }
work_is() {	# work_is WHAT N: entries and returns; nothing said
	quiet t
	same "$1" "$(grep -E '^(entry|return) ' t.out | counts)" "entry $2 return $2 "
}

traced t -qn "$WORK" -c "$T/execer 3"
grep -q 'execer: end' t.out || fail "the program did not end: $(cat t.out t.err)"
work_is 'four lives' 40
for way in 'fail 20' 'thread 40' 'vfork 20'; do
	traced t -qn "$WORK" -c "$T/execways ${way% *}" || fail "$way: $? $(cat t.err)"
	work_is "exec: $way" "${way#* }"
done

# Shells that end in exec: what a.out means changes, and so do all libraries.
cat >inner.sh <<-END
	#!/bin/bash
	exec "\$@"
END
cat >outer.sh <<-END
	#!/bin/sh
	exec /bin/sh -c 'exec ./inner.sh "\$@"' sh "\$@"
END
chmod +x inner.sh outer.sh
for kind in pie nopie static; do
	traced t -qn "$COUNT_ALL" -c "./outer.sh $T/counted-$kind 20" || fail "counted-$kind: $? $(cat t.err)"
	quiet t
	truth t.out "counted-$kind"
done
traced t -qZn 'pid$target:plugin.so:plugin_work:entry,pid$target:plugin.so:plugin_work:return{ @[probefunc, probename] = count(); }
	END{ printa("%s %s %@d\n", @); }' -c "./outer.sh $T/plug $T/plugin.so 5" || fail "plug: $? $(cat t.err)"
quiet t
truth t.out 'dlopen after exec'

# What -c sees of a program, it sees when a shell becomes it: also in libc and in the dynamic linker.
ALL='pid$target:libc:mem*:entry,pid$target:ld-linux*::entry,pid$target:a.out::entry{ @[probefunc] = count(); }
	END{ printa("%s %@d\n", @); }'
traced d -qn "$ALL" -c "/bin/echo some words"
traced t -qn "$ALL" -c "/bin/bash -c 'exec /bin/echo some words'"
quiet t
grep -q '^_dl_debug_state' d.out || fail "nothing seen in the dynamic linker: $(head -n 5 d.out)"
n=0
while read -r func count; do	# bash's functions are not counted twice: echo's are "0x..." of another file
	case $func in _dl_*|mem*|__tls*) ;; *) continue ;; esac
	n=$((n + 1))
	seen=$(awk -v f="$func" '$1 == f { print $2 }' t.out)
	[ "${seen:-0}" -ge "$count" ] || fail "$func: $count calls by -c, ${seen:-0} after an exec"
done <d.out
[ $n -ge 3 ] || fail "nothing compared: $(cat d.out)"

# An exit right behind the exec.
for i in $(seq 5); do
	traced t -qZn "$WORK" -c "/bin/sh -c 'exec $T/execer 0'"
	work_is "exec and exit ($i)" 10
done
traced t -qn 'pid$target:a.out:main:entry{}' -c "$T/execways end" || fail "$?: $(cat t.err)"

# A program that cannot be traced: said in one sentence.
traced t -qZn "$WORK" -c "/bin/sh -c 'exec $T/tiny32'"
[ "$(grep -c 'cannot be traced.*64-bit' t.err)" = 1 ] || fail "32 bits: $(cat t.err)"
