# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by tests that compare entries counted in Debian's own programs with callgrind's counts of the same, by
# jumps and by breakpoints; callgrind.py has the rule. Returns, of which callgrind says nothing, must be the same by both.
# First name the programs, then compare_all.
command -v valgrind >/dev/null || skip "valgrind is not installed"

# The same environment for both: valgrind puts a library of its own into the program, and variables that name it.
env=(env -i PATH="$PATH" LC_ALL=C PERL_HASH_SEED=0)
"${env[@]}" valgrind -q --tool=none "$(command -v env)" >vars 2>vars.err || fail "$(cat vars.err)"
sets=()
while read -r v; do sets+=(-x "setenv=$v"); done < <(grep -Ev '^(PATH|LC_ALL|PERL_HASH_SEED)=' vars)
grep -q '^LD_PRELOAD=' vars || fail "valgrind's environment: $(cat vars)"

# program NAME MODULES CMD...: under callgrind, which takes its time, so two at once; then under dtrace in both ways.
names=() commands=() modules=()
program() {
	names+=("$1") modules+=("$2"); shift 2
	local line; printf -v line '%q ' "$@"
	commands+=("$line")
}

callgrind() {
	local name=${names[$1]}
	eval "${env[*]} valgrind -q --tool=callgrind --dump-instr=yes --skip-plt=no --callgrind-out-file=$name.callgrind \
		${commands[$1]}" >$name.plain 2>$name.vg </dev/null || echo "callgrind of $name: $(tail -n 3 $name.vg)" >>failures
}

# count I MODE NAME: of the probes NAME.
count() {
	local name=${names[$1]} mode=$2 d= m how
	for m in ${modules[$1]}; do d+="${d:+,}pid\$target:$m::$3"; done
	d+='{ @[probemod, probefunc] = count(); } END{ printa("%s %s %@d\n", @); }'
	rm -f $name.raw
	"${env[@]}" dtrace -x trapfree=$mode "${sets[@]}" -vqo $name.raw -n "$d" -c "${commands[$1]}" >$name.seen 2>$name.$mode.err </dev/null ||
		fail "dtrace of $name: $(tail -n 3 $name.$mode.err)"
	! grep ^dtrace: $name.$mode.err || fail "dtrace of $name complains"
	cmp $name.plain $name.seen || fail "$name prints something else under dtrace"
	[ $mode = on ] && how='[1-9][0-9]* locations count without a trap' || how='0 locations count without a trap'
	grep -q "^  $how" $name.$mode.err || fail "$name, trapfree=$mode: $(grep 'without a trap' $name.$mode.err)"
	# -v tells more than the counts.
	grep -E '^\S+ \S+ [0-9]+$' $name.raw | sort >$name.$mode
}

compare_all() {
	local i n
	for i in ${!names[@]}; do
		[ $i -lt 2 ] || wait -n
		callgrind $i &
	done
	wait
	[ ! -e failures ] || fail "$(cat failures)"
	for i in ${!names[@]}; do
		n=${names[$i]}
		count $i on return; mv $n.on $n.returns
		count $i off return
		[ -s $n.off ] || fail "$n: no return was counted"
		cmp $n.off $n.returns || fail "$n: returns differ: $(diff $n.off $n.returns | head -n 5)"
		count $i on entry; count $i off entry
		# What dtrace says it has left alone.
		sed -n 's/^    \([^ `]*`.*\)/\1/p' $n.on.err >$n.left
		python3 "$here/pid/callgrind.py" $n.callgrind $n.left $n.on $n.off || fail "$n: counts differ"
	done
}
