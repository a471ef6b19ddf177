# SPDX-License-Identifier: GPL-2.0-or-later
"""A tracer that runs beside what it traces: when is it ready, what has it said, what has it taken."""
import os, re, signal, subprocess, tempfile, threading, time


class Tracer:
    """Ready when its output has a line that matches; ended by SIGINT, or when what it has started ends."""

    def __init__(self, argv, ready, timeout=180):
        self.out = tempfile.TemporaryFile("w+", errors="replace")
        began = time.monotonic()
        self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT)
        while not (ready(self) if callable(ready) else re.search(ready, self.text())):
            if self.p.poll() is not None or time.monotonic() > began + timeout:
                self.p.kill()
                self.p.wait()
                raise RuntimeError(f"{' '.join(argv)[:200]}: not ready after {time.monotonic() - began:.0f} s: "
                                   f"{self.text()[-300:].strip()}")
            time.sleep(0.05)
        self.armed = time.monotonic() - began

    def text(self):
        self.out.seek(0)
        return self.out.read()

    def end(self, timeout=60):
        self.p.send_signal(signal.SIGINT)
        return self.ended(timeout)

    def ended(self, timeout):
        """What it has said, when it has ended. Killed, and then .returncode is negative, after @timeout seconds."""
        overdue = threading.Timer(timeout, self.p.kill)
        overdue.start()
        _, status, usage = os.wait4(self.p.pid, 0)
        overdue.cancel()
        self.p.returncode = os.waitstatus_to_exitcode(status)
        self.peak_kib = usage.ru_maxrss
        return self.text()
