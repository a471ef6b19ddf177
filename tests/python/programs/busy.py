# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls small functions until SIGTERM; then says whether every one of them did what it should."""
import signal
import sys

stop = []
signal.signal(signal.SIGTERM, lambda *args: stop.append(1))


def leaf(n):
    return n + 1


def generator(n):
    for i in range(n):
        yield leaf(i)


def fails(n):
    raise ValueError(n)


def step(n):
    try:
        fails(n)
    except ValueError as e:
        return sum(generator(10)) + e.args[0]


print("ready", flush=True)
good, n = True, 0
while not stop:
    good &= step(n) == 55 + n
    n += 1
print("good" if good else "bad", flush=True)
sys.exit(0 if good else 1)
