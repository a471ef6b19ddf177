# SPDX-License-Identifier: GPL-2.0-or-later
"""Spoils the chain of frames of a thread that is busy in C, in every way that fits into a pointer, and mends it again."""
import ctypes
import gc
import hashlib
import mmap
import struct
import sys
import threading
import time

V = sys.version_info[:2]
IS_OBJECT = V < (3, 11)
PREVIOUS = 0x18 if IS_OBJECT else 0x30 if V == (3, 11) else 8
CODE = 0x20 if V < (3, 12) else 0
FRAME_SIZE = 0x100
STEP = float(sys.argv[1])


def read(at):
    return ctypes.c_size_t.from_address(at).value


def write(at, value):
    ctypes.c_size_t.from_address(at).value = value


def busy():
    while not done:
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", rounds)       # without the interpreter's lock


def outer():
    busy()


def spoil(frame, at, values):
    good = read(frame + at)
    for value in values:
        write(frame + at, value & 0xffffffffffffffff)
        time.sleep(STEP)
        write(frame + at, good)


def fakes(n, code):
    """A chain of @n frames of @code, one behind the other, that ends in itself. Returns its address."""
    room = mmap.mmap(-1, n * FRAME_SIZE)
    keep.append(room)
    base = ctypes.addressof(ctypes.c_char.from_buffer(room))
    for i in range(n):
        struct.pack_into("Q", room, i * FRAME_SIZE + CODE, code)
        struct.pack_into("Q", room, i * FRAME_SIZE + PREVIOUS, base + (i + 1) % n * FRAME_SIZE)
    return base


def spoilt_code(at, value):
    """A copy of a code object, with another value in one of its fields."""
    size = 0x120
    room = mmap.mmap(-1, 8192)
    keep.append(room)
    ctypes.memmove(ctypes.addressof(ctypes.c_char.from_buffer(room)), id(outer.__code__), size)
    struct.pack_into("Q", room, at, value)
    return ctypes.addressof(ctypes.c_char.from_buffer(room))


if hasattr(hashlib.pbkdf2_hmac, "__code__"):     # built without OpenSSL: nothing is busy in C
    print("ready, but cannot", flush=True)
    sys.exit()
gc.disable()
keep = []
done = False
began = time.monotonic()
hashlib.pbkdf2_hmac("sha256", b"x", b"y", 20000)
# One call has to last longer than all that is done to its frame.
rounds = int(20000 / (time.monotonic() - began) * STEP * 130) + 1
thread = threading.Thread(target=outer)
thread.start()
print("ready", flush=True)
time.sleep(STEP)
while True:
    frame = sys._current_frames()[thread.ident]
    if frame.f_code is busy.__code__:
        break
object = id(frame)
frame = object if IS_OBJECT else read(object + 0x18)
page = mmap.mmap(-1, 4096)
zeros = ctypes.addressof(ctypes.c_char.from_buffer(page))
odd = [frame, frame + 1, frame + 4, 8, 1, 0x1000, zeros, zeros + 4088, zeros + 4095, 0x7ffffffff000, 0x7fffffffffff,
       0x800000000000, 0xffff800000000000, 0xffffffff81000000, 0xffffffffffffffff, 0xfffffffffffffff8,
       id(outer), id("text"), id(outer.__code__)]
code = id(outer.__code__)
spoil(frame, PREVIOUS, odd)
spoil(frame, CODE, odd)
spoil(frame, PREVIOUS, [fakes(1, code), fakes(2, code), fakes(7, 0), fakes(100000, code), fakes(100000, 0), fakes(3000, zeros)])
long = "x" * 10000000
lies = mmap.mmap(-1, 4096)
ctypes.memmove(ctypes.addressof(ctypes.c_char.from_buffer(lies)), id("ascii"), 0x40)
struct.pack_into("Q", lies, 0x10, 1 << 62)       # a str of that length
liar = ctypes.addressof(ctypes.c_char.from_buffer(lies))
fields = range(0x20, 0xc0, 8)
spoil(frame, PREVIOUS, [fakes(3, spoilt_code(at, value)) for at in fields for value in (liar, id(long))])
spoil(frame, PREVIOUS, [fakes(3, spoilt_code(at, value)) for at in fields for value in (0xffff800000000000, zeros + 4088)])
done = True
print("mended", flush=True)
thread.join()
print("good", flush=True)
