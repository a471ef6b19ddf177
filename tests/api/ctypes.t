# SPDX-License-Identifier: GPL-2.0-or-later
# python-dtrace's calls, with its numbers and layouts, through ctypes.
command -v python3 >/dev/null || skip "there is no python3"
export LD_LIBRARY_PATH=$T/..
timeout 120 python3 "$here/api/consumer.py" >out 2>err || fail "$(tail -n 3 err)"
same "its end" "$(tail -n 1 out)" done
