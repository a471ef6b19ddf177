# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls getppid() at the bottom of several kinds of frames, and writes its own account of the stack each time."""
import os
import sys
import threading

out = open(sys.argv[1], "w", encoding="utf-8")


def leaf():
    frame = sys._getframe(1)
    lines = ["%s:%d leaf" % (leaf.__code__.co_filename, leaf.__code__.co_firstlineno + 6)]
    while frame:
        lines.append("%s:%d %s" % (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    out.write("\n".join(lines) + "\n--\n"); os.getppid()


def recurse(n):
    return recurse(n - 1) if n else leaf()


def generator():
    yield 1
    leaf()
    yield 2


class Thing:
    def __init__(self):
        leaf()

    def __del__(self):
        recurse(1)

    @property
    def prop(self):
        return leaf()


class Straße:
    def größe(self):
        return leaf()

    def 日本語(self):
        return self.größe()


recurse(5)
sorted([3, 1], key=lambda x: leaf() or x)
list(generator())
t = Thing()
t.prop
del t
Straße().日本語()
exec("leaf()")
list(map(recurse, [0, 2]))
other = threading.Thread(target=recurse, args=(3,))
other.start()
other.join()
out.close()
