# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that are refused: too deep, or with wrong arguments. What is entered is left, all the same.
import sys


def too_deep(n=0):
    return too_deep(n + 1)


def by_sorting(x):
    return sorted([1], key=by_sorting)


class Made:
    def __init__(self):
        self.other = Made()


class Called:
    def __call__(self):
        return self()

    def __getattr__(self, name):
        return getattr(self, name + "x")


def generating(n=0):
    yield from generating(n + 1)


def looping():
    for i in looping():
        yield i


def catching():
    try:
        catching()
    finally:
        leaf()


def leaf():
    pass


def positional(a, b):
    pass


def keyword(*, a):
    pass


class Init:
    def __init__(self, a):
        pass


def refused(f, *args, **kw):
    try:
        f(*args, **kw)
    except (TypeError, RecursionError):
        return
    raise SystemError(f)


def main():
    sys.setrecursionlimit(180)
    for i in range(3):
        refused(too_deep)
        refused(Made)
        refused(Called())
        refused(getattr, Called(), "a")
        refused(list, generating())
        refused(list, looping())
        refused(catching)
        if sys.version_info < (3, 12):      # since then C calls have a limit of their own
            refused(by_sorting, 1)
    for i in range(20):
        refused(positional)
        refused(positional, 1, 2, 3)
        refused(keyword)
        refused(Init)
        refused(lambda a: 1)
        refused(map(positional, [1]).__next__)
