# SPDX-License-Identifier: GPL-2.0-or-later
# A C program for the classic library, built against the installed headers, runs.
"$T/api" >out 2>err || fail "$(cat err)"
same "its end" "$(cat out)" done
