# SPDX-License-Identifier: GPL-2.0-or-later
# The counts per file and function of one run are those that sys.setprofile() gives in another one, untraced.
. "$here/python/lib.sh"
pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	for program in library language; do
		# shellcheck disable=SC2046
		$(python "$root" "$exe" "$PROGRAMS/harness.py" profile "$PROGRAMS/$program.py" "$PROGRAMS/truth") ||
			fail "$name: the program fails by itself"
		calls "$name" "$root" "$exe" plain "$program"
		# With a profile function 3.14 and 3.15 close unfinished generators by running them, without one they just drop them.
		if [[ $exe == *3.1[45] && $program = language ]]; then
			sed -i '/language\.py	\(<genexpr>\|__await__\|generator\)	/d' "${root%/}$PROGRAMS/truth" "$name.calls"
		fi
		compare "$name" "${root%/}$PROGRAMS/truth" "$name.calls"
	done
done 3<list
