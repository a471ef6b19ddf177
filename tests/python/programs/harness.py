# SPDX-License-Identifier: GPL-2.0-or-later
#
# harness.py MODE PROGRAM OUT: calls PROGRAM's main() between _begin_() and _end_().
# MODE "profile": with sys.setprofile() in all threads; what it told goes to OUT,
# "call|return <tab> file <tab> function <tab> count" lines. "plain": without; OUT is what PROGRAM
# expects itself, if it does. With a fourth argument it stops before, until somebody goes on with it.
import gc
import importlib.util
import os
import signal
import sys
import threading
from _thread import get_ident

counts = {}


def _begin_():
    pass


def _end_():
    pass


def _profile_(frame, event, arg):
    if event == "call" or event == "return":
        mine = counts.get(get_ident())
        if mine is None:
            mine = counts[get_ident()] = {}
        code = frame.f_code
        key = (event, code.co_filename, code.co_name)
        mine[key] = mine.get(key, 0) + 1


def load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["program"] = module
    spec.loader.exec_module(module)
    return module


def write(path):
    total = {}
    for mine in counts.values():
        for key, n in mine.items():
            total[key] = total.get(key, 0) + n
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        for key in sorted(total):
            if key[2] not in ("_begin_", "_end_", "_profile_"):
                out.write("%s\t%s\t%s\t%d\n" % (key + (total[key],)))


def run(mode, main):
    # Garbage would be collected at other moments with a profile function than without.
    gc.disable()
    if mode == "profile":
        threading.setprofile(_profile_)
        sys.setprofile(_profile_)
    _begin_()
    main()
    _end_()
    sys.setprofile(None)
    threading.setprofile(None)


mode, program, out = sys.argv[1:4]
main = load(program).main
if len(sys.argv) > 4:
    os.kill(os.getpid(), signal.SIGSTOP)
run(mode, main)
if mode == "profile":
    write(out)
elif hasattr(sys.modules["program"], "expected"):
    counts[0] = {(event,) + key: n for key, n in sys.modules["program"].expected.items() for event in ("call", "return")}
    write(out)
