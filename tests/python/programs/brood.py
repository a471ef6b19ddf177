# SPDX-License-Identifier: GPL-2.0-or-later
"""brood.py FORKS THREADED EXECS: short-lived children; THREADED of them are forked while other threads call functions."""
import os
import subprocess
import sys
import threading


def child(i):
    return i + 1


def work():
    while not done:
        child(0)


def forked(i):
    pid = os.fork()
    if not pid:
        for k in range(20):
            child(k)
        os._exit(i % 7)
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])


done = False
forks, threaded, execs = map(int, sys.argv[1:])
bad = 0
for i in range(forks):
    bad += forked(i) != i % 7
threads = [threading.Thread(target=work) for i in range(2)]
for t in threads:
    t.start()
for i in range(threaded):
    bad += forked(i) != i % 7
done = True
for t in threads:
    t.join()
for i in range(execs):
    text = subprocess.check_output([sys.executable, "-S", "-c", "def f(x): return x + 1\nprint(f(%d))" % i])
    bad += int(text) != i + 1
print("bad", bad, flush=True)
os._exit(5)
