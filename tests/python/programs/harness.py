# SPDX-License-Identifier: GPL-2.0-or-later
#
# harness.py MODE PROGRAM OUT: calls PROGRAM's main() between _begin_() and _end_().
# MODE "profile": with sys.setprofile() in all threads; what it told goes to OUT,
# "call|return <tab> file <tab> function <tab> count" lines. "raise": what sys.monitoring or settrace() told of exceptions
# ("raise <tab> file <tab> function:line:exception:0, or 1 if other functions are in its traceback
# already <tab> count") and gc.callbacks of garbage ("gc-start <tab> generation
# <tab> <tab> count", "gc-done <tab> found ..."). "events": what PROGRAM's events() says ("import-find-load-start <tab>
# module <tab> <tab> count", "import-find-load-done <tab> module <tab> found ...", "audit <tab> event ...").
# "plain": without; OUT is what PROGRAM
# expects itself, if it does. With a fourth argument it stops before, until somebody goes on with it.
import gc
import importlib.util
import opcode
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


# What ends a for loop, or the generator behind a yield from, is no exception to anybody else.
def _is_end_(code, offset, exc):
    names = [opcode.opname[op] for op in code.co_code[offset:offset + 8:2]]
    while names[0] == "EXTENDED_ARG":
        names.pop(0)
    return issubclass(exc, StopIteration) and names[0] in ("FOR_ITER", "SEND", "YIELD_FROM")


def _raised_(frame, offset, exc, tb):
    if _is_end_(frame.f_code, offset, exc):
        return
    where = "%s:%d:%s:%d" % (frame.f_code.co_name, frame.f_lineno, exc.__name__, bool(tb and tb.tb_next))
    key = ("raise", frame.f_code.co_filename, where)
    mine = counts.setdefault(get_ident(), {})
    mine[key] = mine.get(key, 0) + 1


def _monitor_(code, offset, exc):
    _raised_(sys._getframe(1), offset, type(exc), exc.__traceback__)


def _trace_(frame, event, arg):
    if event == "exception":
        _raised_(frame, frame.f_lasti, arg[0], arg[2])
    return _trace_


def _collected_(phase, info):
    key = ("gc-start", str(info["generation"]), "") if phase == "start" else \
        ("gc-done", str(info["collected"] + info["uncollectable"]), "")
    mine = counts.setdefault(get_ident(), {})
    mine[key] = mine.get(key, 0) + 1


def watch(on):
    if on:
        gc.callbacks.append(_collected_)
    else:
        gc.callbacks.remove(_collected_)
    if hasattr(sys, "monitoring"):
        if on:
            sys.monitoring.use_tool_id(3, "truth")
        sys.monitoring.register_callback(3, sys.monitoring.events.RAISE, _monitor_ if on else None)
        sys.monitoring.set_events(3, sys.monitoring.events.RAISE if on else 0)
    else:
        threading.settrace(_trace_ if on else None)
        sys.settrace(_trace_ if on else None)


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
    if mode == "raise":
        watch(True)
    _begin_()
    main()
    _end_()
    if mode == "raise":
        watch(False)
    sys.setprofile(None)
    threading.setprofile(None)


mode, program, out = sys.argv[1:4]
sys.dont_write_bytecode = True
main = load(program).main
if len(sys.argv) > 4:
    os.kill(os.getpid(), signal.SIGSTOP)
run(mode, main)
if mode == "events":
    counts[0] = sys.modules["program"].events()
if mode != "plain":
    write(out)
elif hasattr(sys.modules["program"], "expected"):
    counts[0] = {(event,) + key: n for key, n in sys.modules["program"].expected.items() for event in ("call", "return")}
    write(out)
