# SPDX-License-Identifier: GPL-2.0-or-later
# The same for a program without symbols: functions are known from .eh_frame and named by their address.
traced t -qn "$COUNT_ALL" -c "$T/counted-stripped" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
truth t.out counted-stripped
