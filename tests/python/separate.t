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
		compare "$name" "${root%/}$PROGRAMS/truth" "$name.calls"
	done
done 3<list
