# SPDX-License-Identifier: GPL-2.0-or-later
# The counts per file and function are those of sys.setprofile() in the same run: while it is used, interpreters
# since 3.12 do the first instruction of each function again, which must not count twice.
. "$here/python/lib.sh"
pythons >list
[ -s list ] || skip "no python3.X in PATH, none fetched by tools/pythons, none in DT_PYTHONS"
while read -r name root exe <&3; do
	ready "$root"
	calls "$name" "$root" "$exe" profile language
	compare "$name" "${root%/}$PROGRAMS/truth" "$name.calls"
	same "$name: signal handlers" "$(grep -c "language.py	handler	5$" "$name.calls")" 2
done 3<list
