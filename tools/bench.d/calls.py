# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls f as often as each line of input says, and answers with the nanoseconds that a call took."""
import sys, time


def f(n):
    return n


def run(n):
    began = time.perf_counter()
    for i in range(n):
        f(i)
    return (time.perf_counter() - began) / n * 1e9


print("ready", flush=True)
for line in sys.stdin:
    print("%.1f" % run(int(line)), flush=True)
