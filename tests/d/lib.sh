# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/d/run and tests/lang/d.t share: the comments at a program's beginning.

# The text of "/* WORD: text */" in the first lines of a program: asked WORD FILE
asked() { sed -n "1,6s|^/\* $1: \(.*\) \*/\$|\1|p" "$2"; }

# compile FILE, execute FILE: the command's arguments are ours, so eval is safe.
compile() { eval "\"\$DTRACE\" -e -x errtags $(asked dtrace "$1") -s \"\$1\" $(asked args "$1")"; }
execute() { eval "\"\$DTRACE\" -q $(asked dtrace "$1") -s \"\$1\" $(asked args "$1")"; }
