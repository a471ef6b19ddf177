# SPDX-License-Identifier: GPL-2.0-or-later
"""callgrind.py CALLGRIND LEFT COUNTS...: how often callgrind (--dump-instr=yes --skip-plt=no) and dtrace say that
functions ran.

COUNTS: dtrace's lines "object function count". Compared are the objects that appear there. The rule:

  - An entry probe's count is the number of times that the function's first instruction ran, which callgrind knows
    of every instruction.
  - That is the number of its calls as callgrind counts them, "calls=", if callgrind knows the function: a jump to a
    function's beginning is a call, too. It takes the names from symbols; where those were stripped, it cannot tell a
    tail call from a jump inside a function, so there calls may be fewer than entries, never more.
  - Every function that a symbol or .eh_frame describes and that ran has been counted, except those of which dtrace
    said that it leaves them alone (LEFT: lines "object`function"). What nobody describes (PLT stubs, .init, the C
    run-time's frame_dummy) is no function to dtrace.

Objects with functions that an IFUNC chooses between (libc, libm) are not to be compared like this: the choice depends on
what the processor can do, and valgrind's is another one.

Prints a line for each file of COUNTS; the differences, and exit status 1, if something was not equal.
"""
import collections, os, re, subprocess, sys


class Callgrind:
    """ran[object, address], calls[object, address]; addresses as in the object's file."""

    def __init__(self, path):
        self.ran, self.calls = collections.Counter(), collections.Counter()
        self.names = {}
        ob = cob = None
        at, of_call = 0, False
        for line in open(path):
            key, eq, value = line.rstrip("\n").partition("=")
            if line[0] in "0123456789+-*":
                fields = line.split()
                at = self.address(fields[0], at)
                # The line after "calls=" has what the call cost, inclusively.
                if not of_call:
                    self.ran[ob, at] += int(fields[2])
                of_call = False
            elif key == "ob":
                ob = self.name(value)
            elif key == "fn":
                cob = None
            elif key == "cob":
                cob = self.name(value)
            elif key == "calls":
                n, to = value.split()[:2]
                self.calls[cob or ob, self.address(to, at)] += int(n)
                of_call, cob = True, None

    def name(self, text):
        """Names of objects are given once: "(3) /bin/true", and from then on "(3)"."""
        number, _, name = text.partition(" ")
        return self.names.setdefault(number, os.path.realpath(name))

    @staticmethod
    def address(text, last):
        return last if text == "*" else last + int(text) if text[0] in "+-" else int(text, 16)


class Object:
    """The functions of a file: by name, by address; from its symbols and .eh_frame."""

    def __init__(self, path):
        self.path = path
        self.by_name = collections.defaultdict(set)
        self.symbols = set()
        for line in self.run("readelf", "-W", "--dyn-syms", "--syms", path):
            f = line.split()
            if len(f) < 8 or f[3] != "FUNC" or f[6] == "UND":
                continue
            self.by_name[f[7].split("@")[0]].add(int(f[1], 16))
            self.symbols.add(int(f[1], 16))
        described = set(self.symbols)
        for line in self.run("readelf", "-W", "--debug-dump=frames", path):
            m = re.search(r" FDE .*pc=([0-9a-f]+)\.\.", line)
            if m:
                described.add(int(m.group(1), 16))
        text = [s for s in self.run("readelf", "-SW", path) if re.search(r"\] \.text ", s)][0]
        lo, size = (int(x, 16) for x in (text.split("PROGBITS")[1].split()[i] for i in (0, 2)))
        self.functions = {a for a in described if lo <= a < lo + size}

    @staticmethod
    def run(*argv):
        out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return out.stdout.splitlines()

    def addresses(self, function):
        """Where the function is that dtrace calls so; several, if several are called so."""
        if re.fullmatch("0x[0-9a-f]+", function):
            return {int(function, 16)}
        return self.by_name.get(function, set()) & self.functions


def compare(truth, objects, left, counts):
    """The sentences of what differs, and how many functions and calls were equal."""
    wrong, functions, calls = [], 0, 0
    seen = collections.defaultdict(set)
    for mod, function in left:
        if mod in objects:
            seen[mod] |= objects[mod].addresses(function)
    for mod, function, count in counts:
        o = objects[mod]
        at = o.addresses(function)
        seen[mod] |= at
        ran, called = (sum(n[o.path, a] for a in at) for n in (truth.ran, truth.calls))
        if not at or count != ran or called > ran or called < ran and at <= o.symbols:
            wrong.append(f"{mod}`{function}: counted {count}; callgrind: entered {ran} times, called {called} times")
        else:
            functions, calls = functions + 1, calls + count
    for mod in {c[0] for c in counts}:
        o = objects[mod]
        for a in sorted(o.functions - seen[mod]):
            if truth.ran[o.path, a]:
                wrong.append(f"{mod}: {a:#x} was entered {truth.ran[o.path, a]} times, and not counted")
    return wrong, functions, calls


def main():
    truth = Callgrind(sys.argv[1])
    left = [line.strip().split("`") for line in open(sys.argv[2])]
    paths = {os.path.basename(p): p for p, _ in truth.ran if p}
    objects, status = {}, 0
    for path in sys.argv[3:]:
        counts = [(m, f, int(n)) for m, f, n in map(str.split, open(path))]
        for mod in {c[0] for c in counts} - set(objects):
            objects[mod] = Object(paths[mod])
        wrong, functions, calls = compare(truth, objects, left, counts)
        print(*wrong[:20], f"{path}: {functions} functions with {calls} calls are equal, {len(wrong)} are not", sep="\n")
        status |= bool(wrong) or not functions
    return status


sys.exit(main())
