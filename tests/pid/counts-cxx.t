# SPDX-License-Identifier: GPL-2.0-or-later
# C++: frames that an exception passes are entered but do not return; nothing else is lost.
traced t -qn "$COUNT_ALL" -c "$T/thrower" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
truth t.out thrower
