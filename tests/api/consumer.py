# SPDX-License-Identifier: GPL-2.0-or-later
# The calls that python-dtrace makes, with its numbers: ABI 3, specification 3 (name),
# compile flag 4 (zero matches are fine), REMOVE 5, key at 16 and value at 272.
import ctypes as c
import sys
import time

lib = c.CDLL("libdtrace.so")


class Probedata(c.Structure):
    _fields_ = [("handle", c.c_void_p), ("edesc", c.c_void_p), ("pdesc", c.c_void_p), ("cpu", c.c_int),
                ("data", c.c_void_p), ("flow", c.c_int), ("prefix", c.c_char_p), ("indent", c.c_int)]


class Recdesc(c.Structure):
    _fields_ = [("action", c.c_uint16), ("size", c.c_uint32), ("offset", c.c_uint32), ("align", c.c_uint16),
                ("format", c.c_uint16), ("arg", c.c_uint64), ("uarg", c.c_uint64)]


class Bufdata(c.Structure):
    _fields_ = [("handle", c.c_void_p), ("buffered", c.c_char_p), ("probe", c.POINTER(Probedata)),
                ("rec", c.c_void_p), ("agg", c.c_void_p), ("flags", c.c_uint32)]


class Aggdesc(c.Structure):
    _fields_ = [("id", c.c_uint32), ("epid", c.c_uint32), ("varid", c.c_int64), ("size", c.c_uint32),
                ("nrecs", c.c_int32), ("rec", Recdesc * 8)]


class Aggdata(c.Structure):
    _fields_ = [("handle", c.c_void_p), ("desc", c.POINTER(Aggdesc)), ("edesc", c.c_void_p),
                ("pdesc", c.c_void_p), ("data", c.c_void_p), ("normal", c.c_uint64), ("size", c.c_size_t)]


class Syminfo(c.Structure):
    _fields_ = [("object", c.c_char_p), ("name", c.c_char_p), ("id", c.c_ulong)]


CHEW = c.CFUNCTYPE(c.c_int, c.POINTER(Probedata), c.c_void_p)
CHEWREC = c.CFUNCTYPE(c.c_int, c.POINTER(Probedata), c.POINTER(Recdesc), c.c_void_p)
BUFFERED = c.CFUNCTYPE(c.c_int, c.POINTER(Bufdata), c.c_void_p)
WALK = c.CFUNCTYPE(c.c_int, c.POINTER(Aggdata), c.c_void_p)


def fn(name, res, *args):
    f = getattr(lib, name)
    f.restype, f.argtypes = res, args
    return f


H, P = c.c_void_p, c.c_void_p
dtrace_open = fn("dtrace_open", H, c.c_int, c.c_int, c.POINTER(c.c_int))
dtrace_close = fn("dtrace_close", None, H)
dtrace_go = fn("dtrace_go", c.c_int, H)
dtrace_stop = fn("dtrace_stop", c.c_int, H)
dtrace_sleep = fn("dtrace_sleep", None, H)
dtrace_work = fn("dtrace_work", c.c_int, H, P, CHEW, CHEWREC, P)
dtrace_errno = fn("dtrace_errno", c.c_int, H)
dtrace_errmsg = fn("dtrace_errmsg", c.c_char_p, H, c.c_int)
dtrace_setopt = fn("dtrace_setopt", c.c_int, H, c.c_char_p, c.c_char_p)
dtrace_handle_buffered = fn("dtrace_handle_buffered", c.c_int, H, BUFFERED, P)
dtrace_aggregate_walk = fn("dtrace_aggregate_walk", c.c_int, H, WALK, P)
dtrace_aggregate_walk_valsorted = fn("dtrace_aggregate_walk_valsorted", c.c_int, H, WALK, P)
dtrace_aggregate_snap = fn("dtrace_aggregate_snap", c.c_int, H)
dtrace_program_strcompile = fn("dtrace_program_strcompile", P, H, c.c_char_p, c.c_int, c.c_uint, c.c_int,
                               c.POINTER(c.c_char_p))
dtrace_program_exec = fn("dtrace_program_exec", c.c_int, H, P, P)
dtrace_lookup_by_addr = fn("dtrace_lookup_by_addr", c.c_int, H, c.c_uint64, P, c.POINTER(Syminfo))


class Session:
    def __init__(self, script):
        err = c.c_int(0)
        self.out, self.cpus, self.ends, self.entries = [], [], 0, []
        self.h = dtrace_open(3, 0, c.byref(err))
        if not self.h:
            sys.exit(dtrace_errmsg(None, err).decode())
        self.ok(dtrace_setopt(self.h, b"bufsize", b"4m"))
        self.ok(dtrace_setopt(self.h, b"aggsize", b"4m"))
        self.calls = CHEW(self.chew), CHEWREC(self.chewrec), BUFFERED(self.text), WALK(self.walk)
        self.ok(dtrace_handle_buffered(self.h, self.calls[2], None))
        prog = dtrace_program_strcompile(self.h, script.encode(), 3, 4, 0, None)
        if not prog:
            self.ok(-1)
        self.ok(dtrace_program_exec(self.h, prog, None))
        self.ok(dtrace_go(self.h))

    def ok(self, rc):
        if rc:
            sys.exit("error: " + dtrace_errmsg(self.h, dtrace_errno(self.h)).decode())

    def chew(self, data, arg):
        self.cpus.append(data.contents.cpu)
        return 0

    def chewrec(self, data, rec, arg):
        if not rec:
            self.ends += 1
            return 1
        return 0

    def text(self, buf, arg):
        self.out.append(buf.contents.buffered.decode().strip())
        return 0

    def walk(self, data, arg):
        d, at = data.contents.desc.contents, data.contents.data
        recs = d.rec[1:d.nrecs]
        value = recs[-1]
        key = c.string_at(at + recs[0].offset) if len(recs) > 1 and recs[0].size == 256 else None
        words = (c.c_int64 * (value.size // 8)).from_address(at + value.offset)
        self.entries.append((key, value.action - 0x700, list(words), [r.size for r in recs[:-1]],
                             c.string_at(at + 16), c.c_int.from_address(at + 272).value if d.size >= 276 else None))
        return 5

    def work(self):
        dtrace_sleep(self.h)
        return dtrace_work(self.h, None, self.calls[0], self.calls[1], None)

    def until_done(self):
        while True:
            rc = self.work()
            self.ok(rc if rc == -1 else 0)
            if rc == 1:
                return

    def close(self):
        dtrace_close(self.h)


def same(what, got, want):
    if got != want:
        sys.exit("%s: expected %r, got %r" % (what, want, got))


# hello world, as its example has it
s = Session('dtrace:::BEGIN {trace("Hello World"); exit(0);}')
s.until_done()
same("output", [x for x in s.out if x], ["Hello World"])
same("clauses", s.ends, 1)
if len(s.cpus) != 1 or not 0 <= s.cpus[0] < 4096:
    sys.exit("CPUs %r" % s.cpus)
s.close()

# one turn only, as a program that runs for a second makes: what BEGIN recorded is there
s = Session('dtrace:::BEGIN {trace("Hello World");}')
if s.work() == -1:
    s.ok(-1)
s.ok(dtrace_stop(s.h))
same("output of one turn", [x for x in s.out if x], ["Hello World"])
s.close()

# aggregations, walked while tracing and removed
s = Session('dtrace:::BEGIN { @["a"] = sum(5); @["b"] = sum(2); } tick-10ms { @["a"] = sum(0); }')
for i in range(2):
    if s.work() == -1:
        s.ok(-1)
    time.sleep(0.1)
s.ok(dtrace_aggregate_snap(s.h))
s.ok(dtrace_stop(s.h))
s.ok(dtrace_aggregate_walk_valsorted(s.h, s.calls[3], None))
same("entries", [(e[0], e[1], e[2], e[3]) for e in s.entries], [(b"b", 5, [2], [256]), (b"a", 5, [5], [256])])
same("raw layout", [(e[4], e[5]) for e in s.entries], [(b"b", 2), (b"a", 5)])
s.entries = []
s.ok(dtrace_aggregate_walk(s.h, s.calls[3], None))
same("what is left", s.entries, [])
s.close()

# the encodings
s = Session('dtrace:::BEGIN { @a = avg(4); @q = quantize(5); @l = lquantize(7, 0, 10, 5); @s[stack()] = count(); '
            '@i[(int)1, (long)2] = count(); exit(0); }')
s.until_done()
s.ok(dtrace_aggregate_walk(s.h, s.calls[3], None))
by = {}
for e in s.entries:
    by.setdefault(e[1], []).append(e)
same("avg", by[4][0][2], [1, 4])
same("quantize", (len(by[7][0][2]), by[7][0][2][63 + 3]), (127, 1))
same("lquantize", by[8][0][2], [5 << 48 | 2 << 32, 0, 0, 1, 0])
same("keys", sorted(e[3] for e in by[1]), [[4, 8], [160]])
sym = Syminfo()
addr = None
for line in open("/proc/kallsyms"):
    if line.endswith(" T vfs_read\n"):
        addr = int(line.split()[0], 16)
s.ok(dtrace_lookup_by_addr(s.h, addr, None, c.byref(sym)))
same("symbol", (sym.object, sym.name), (b"vmlinux", b"vfs_read"))
s.close()

# a program that is wrong
err = c.c_int(0)
h = dtrace_open(3, 0, c.byref(err))
if dtrace_program_strcompile(h, b"dtrace:::BEGIN { nonsense( }", 3, 4, 0, None):
    sys.exit("nonsense compiles")
if b"syntax" not in dtrace_errmsg(h, dtrace_errno(h)):
    sys.exit("no sentence about nonsense")
dtrace_close(h)
if dtrace_open(1, 0, c.byref(err)) or not dtrace_errmsg(None, err.value):
    sys.exit("version 1 is taken")
print("done")
