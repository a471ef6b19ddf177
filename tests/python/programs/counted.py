# SPDX-License-Identifier: GPL-2.0-or-later
# Known counts: tools that watch calls go on and off meanwhile, and other interpreters run in the process.
# What is expected goes to the file that harness.py is told: lines as it writes them itself.
import sys
import threading

expected = {}


def watched(x):
    return leaf(x)


def leaf(x):
    return x


def resumed(n):
    for i in range(n):
        yield i


def some(n):
    for i in range(n):
        watched(i)
        for j in resumed(2):
            pass
    for name, calls in ("watched", n), ("leaf", n), ("resumed", 3 * n):
        expected[__file__, name] = expected.get((__file__, name), 0) + calls


def function(*args):
    return function


def by_trace():
    for i in range(5):
        sys.settrace(function)
        some(7)
        sys.settrace(None)
        some(7)


def by_profile():
    for i in range(5):
        sys.setprofile(function)
        some(7)
        sys.setprofile(None)
        some(7)


def inside():
    # Switched on while functions that run already have begun.
    def nested(n):
        leaf(1)
        if n == 3:
            sys.settrace(function)
        if n:
            nested(n - 1)
        if n == 1:
            sys.settrace(None)
        leaf(2)
    nested(5)
    expected[__file__, "nested"] = 6
    expected[__file__, "leaf"] += 12


def by_monitoring():
    m = sys.monitoring
    m.use_tool_id(3, "test")
    events = m.events
    for event in events.PY_START, events.PY_RETURN | events.PY_YIELD, events.LINE, events.INSTRUCTION, events.PY_RESUME:
        m.register_callback(3, event if bin(event).count("1") == 1 else events.PY_RETURN, lambda *a: None)
        m.set_events(3, event)
        some(3)
        m.set_events(3, 0)
        some(3)
    m.free_tool_id(3)


def in_threads():
    def work():
        for i in range(30):
            watched(i)
    all = [threading.Thread(target=work) for i in range(3)]
    for t in all:
        t.start()
    for i in range(10):
        sys.settrace(function)
        sys.settrace(None)
    for t in all:
        t.join()
    expected[__file__, "watched"] += 90
    expected[__file__, "leaf"] += 90


def subinterpreters():
    if sys.version_info < (3, 9):
        return
    try:
        try:
            import _interpreters as other
            run = other.run_string
        except ImportError:
            import _xxsubinterpreters as other
            run = other.run_string
    except ImportError:
        return
    code = "def within_another(x):\n  return x\nfor i in range(25): within_another(i)\n"
    for i in range(3):
        which = other.create()
        run(which, code)
        other.destroy(which)
    expected["?", "within_another"] = 75


def main():
    some(10)
    by_trace()
    by_profile()
    inside()
    if hasattr(sys, "monitoring"):
        by_monitoring()
    in_threads()
    subinterpreters()
