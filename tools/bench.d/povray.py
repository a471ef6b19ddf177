# SPDX-License-Identifier: GPL-2.0-or-later
"""povray.py [--quick]: what it costs to count every call of every function of povray and its libraries while it renders the
demo's scene. For tools/bench and tools/demo: the module is loaded, dtrace is on PATH.

Seconds are povray's own, from parsing the scene to its last pixel: what dtrace does before it lets the program go, and
the program's start, are no slowdown of the program. The ways of counting render in turns; the median of the seconds counts,
and of how many times the same turn's untraced render that is.

uprobes. bpftrace attaches one at a time, so to 43,000 it does not come; it gets the functions that are called most, as
our own count knows them, and the table says how many of the calls those make. One program counts by address, which is its
cheapest. The picture is half as wide and high, because a whole one takes several minutes, and rendered by one thread on one
CPU: on two, in the emulated machine, most such renders end in a fault (where our module is not loaded, too: the
slots that uprobes step in are written while another CPU runs them). It is compared with itself
untraced. Should it not be finished in time, we know that it takes at least so long.
"""
import os, re, shutil, statistics, subprocess, sys, tempfile, time

from tracer import Tracer

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COUNT = "pid$target:::entry{ @[probefunc] = count(); } BEGIN{ printf(\"\\ngo\\n\"); }"
# For whoever wants to find the function again.
WHERE = "pid$target:::entry{ @[probemod, probefunc] = count(); } END{ printa(\"%s %s %@d\\n\", @); }"
WAYS = {"none": None, "jumps": "on", "breakpoints": "off"}
UPROBES = 100		# more do not get ready in two minutes
LIMIT = 420


def command(size, threads=2):
    scene = os.path.join(TOP, "tests/targets/scene.pov")
    out = os.path.join(tempfile.gettempdir(), "scene.bmp")
    return "povray +I%s +W%d +H%d -D +WT%d +FB +O%s" % (scene, *size, threads, out)


def seconds(text):
    """The sum of the stages' times, as povray reports them in the end."""
    found = re.findall(r"(?:Parse|Bounding|Photon|Radiosity|Trace) Time: .*\((\d+\.\d+) seconds\)", text)
    if not re.search(r"Trace Time: .*seconds\)", text):
        raise RuntimeError("povray did not finish: " + text[-300:].strip())
    return sum(map(float, found))


def plain(size, threads=2, timeout=600):
    argv = command(size, threads).split()
    argv = argv if threads > 1 else ["taskset", "-c", "0"] + argv
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout)
    if p.returncode:
        raise RuntimeError(f"povray ended with {p.returncode}: " + (p.stdout + p.stderr)[-300:].strip())
    return seconds(p.stdout + p.stderr)


def counted(size, trapfree):
    """One render under dtrace: seconds, and what there is to tell of it."""
    with tempfile.NamedTemporaryFile("r") as out:
        def armed(_):
            out.seek(0)
            return re.search("(?m)^go$", out.read())
        t = Tracer(["dtrace", "-vqo", out.name, "-x", "trapfree=" + trapfree, "-n", COUNT, "-c", command(size)], armed, 300)
        text = t.ended(600)
        out.seek(0)
        counts = [int(n) for n in re.findall(r"(?m)^  \S.* (\d+)$", out.read())]
    # -v's account of the process, without the names of single functions.
    report = re.search(r"(?m)^pid \d+: \d+ objects.*\n(?:  .*\n)*", text)
    return dict(seconds=seconds(text), armed=t.armed, peak_kib=t.peak_kib, calls=sum(counts), names=len(counts),
                report=re.sub(r"(?m)^    .*\n", "", report.group(0)) if report else "")


def most_called(size, n):
    """The functions that are called most, as (object, function, calls), and the calls of all."""
    with tempfile.NamedTemporaryFile("r") as out:
        subprocess.run(["dtrace", "-qo", out.name, "-n", WHERE, "-c", command(size)], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=600)
        rows = [line.split() for line in out if line.strip()]
    rows = sorted(((m, f, int(c)) for m, f, c in rows), key=lambda r: -r[2])
    return rows[:n], sum(r[2] for r in rows)


def paths():
    exe = os.path.realpath(shutil.which("povray"))
    found = {os.path.basename(exe): exe}
    for p in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", exe], capture_output=True, text=True).stdout):
        found[os.path.basename(os.path.realpath(p))] = found[os.path.basename(p)] = os.path.realpath(p)
    return found


def exported(path, cache={}):
    if path not in cache:
        nm = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True).stdout
        cache[path] = {f[2].split("@")[0] for f in map(str.split, nm.splitlines()) if len(f) == 3 and f[1] in "TW"}
    return cache[path]


def attached(t):
    """How many uprobes the tracer holds by now."""
    n = 0
    for fd in os.listdir(f"/proc/{t.p.pid}/fd"):
        try:
            n += "perf_event" in os.readlink(f"/proc/{t.p.pid}/fd/{fd}")
        except OSError:
            pass
    return n


def uprobes(size, n, notes):
    """The same by bpftrace, of as many functions as it can name among the @n most called."""
    functions, calls = most_called(size, n)
    found = paths()
    points, covered = [], 0
    for mod, f, c in functions:
        path = found.get(mod)
        if path and (f.startswith("0x") or f in exported(path)):
            points.append(f'uprobe:"{path}":{f}')
            covered += c
    r = dict(functions=len(points), share=covered / calls, size=size, none=plain(size, 1))
    with tempfile.NamedTemporaryFile("w", suffix=".bt") as script:
        script.write(",\n".join(points) + "\n{ @[reg(\"ip\")] = count(); }\n")
        script.flush()
        env = dict(BPFTRACE_MAX_PROBES="100000", BPFTRACE_MAX_MAP_KEYS="100000")
        os.environ.update(env)
        # --unsafe: or it refuses addresses of a program whose symbols were stripped.
        t = Tracer(["bpftrace", "--unsafe", script.name], lambda t: attached(t) >= len(points), 600)
        r["armed"] = t.armed
        began = time.monotonic()
        try:
            r["seconds"] = plain(size, 1, LIMIT)
        except subprocess.TimeoutExpired:
            r["seconds"], r["unfinished"] = time.monotonic() - began, True
        text = t.end(300)
        r["peak_kib"] = t.peak_kib
        r["times"] = r["seconds"] / r["none"]
        r["calls"] = sum(map(int, re.findall(r"(?m)^@\[.*\]: (\d+)$", text)))
        if not r.get("unfinished") and not 0.9 * covered < r["calls"] < 1.1 * covered:
            notes.append(f"povray, bpftrace: counted {r['calls']} of {covered} calls")
    return r


def measure(quick, bpftrace, notes):
    size, turns = ((480, 360), 1) if quick else ((640, 480), 5)
    runs = {way: [] for way in WAYS}
    plain(size)
    for _ in range(turns):
        for way, trapfree in WAYS.items():
            try:
                runs[way].append(counted(size, trapfree) if trapfree else dict(seconds=plain(size)))
            except Exception as e:
                runs[way].append(None)
                notes.append(f"povray, {way}: {e}")
    r = {}
    for way, all_runs in runs.items():
        good = sorted(filter(None, all_runs), key=lambda one: one["seconds"])
        times = [one["seconds"] / none["seconds"] for one, none in zip(all_runs, runs["none"]) if one and none]
        if times:
            r[way] = dict(good[len(good) // 2], times=statistics.median(times), turns=[one["seconds"] for one in good])
    r["size"], r["turns"] = size, turns
    if bpftrace:
        try:
            r["uprobes"] = uprobes((size[0] // 2, size[1] // 2), UPROBES, notes)
        except Exception as e:
            notes.append(f"povray, bpftrace: {e}")
    return r


def table(r):
    print("\nwhole-program count: povray renders the demo's scene, %dx%d: seconds by its own clock, median of %d\n" %
          (tuple(r["size"]) + (r["turns"],)))
    print("%-66s%10s%10s%10s%12s%14s" % ("", "seconds", "times", "less than", "armed in", "peak memory"))
    names = {"none": "untraced", "jumps": "dtrace, every function", "breakpoints": "the same, trapfree=off"}
    if r.get("uprobes"):
        u = r["uprobes"]
        names["uprobes"] = "bpftrace, %d functions, %.1f %% of the calls, %dx%d, 1 thread" % (
            (u["functions"], 100 * u["share"]) + tuple(u["size"]))
    for way, name in names.items():
        if way not in r:
            continue
        one = r[way]
        more = ">" if one.get("unfinished") else ""
        rest = "%10.1f s%10.1f MiB" % (one["armed"], one["peak_kib"] / 1024) if "armed" in one else ""
        print("%-66s%10s%10s%10s%s" % (name, more + "%.2f" % one["seconds"],
                                       more + "%.2f" % one["times"],
                                       "1.50" if way == "jumps" else "", rest))
    if "jumps" in r:
        one = r["jumps"]
        print(f"\n{one['calls']:,} calls of functions with {one['names']:,} names. dtrace -v said:\n")
        print("".join("    " + line + "\n" for line in one["report"].splitlines()), end="")


if __name__ == "__main__":
    notes = []
    table(measure("--quick" in sys.argv, shutil.which("bpftrace"), notes))
    for n in notes:
        print("note:", n)
