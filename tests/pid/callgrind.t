# SPDX-License-Identifier: GPL-2.0-or-later
# Entries counted in Debian's own programs equal callgrind's counts: compressors and their libraries, an editor.
. "$here/pid/callgrind.sh"
head -c 10000 "$(command -v perl)" >in
program gzip a.out gzip -kc in
program bzip2 'a.out libbz2' bzip2 -kc in
program xz 'a.out liblzma' xz -T1 -kc in
program sed a.out sed -n 's/r\(..\)t/<\1>/gp' /etc/passwd
compare_all
