# SPDX-License-Identifier: GPL-2.0-or-later
# The module's ABI without libdtrace: images by hand, and everything an enemy might try.
"$T/abi" >abi.out 2>abi.err || fail "$(grep FAIL abi.out; tail -n 5 abi.err)"
