#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ping.py [COUNT]: echo requests and replies, built and taken apart as ping does, over a pair of sockets."""
import os
import socket
import struct
import sys


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def pack(kind, ident, seq, payload):
    head = struct.pack("!BBHHH", kind, 0, 0, ident, seq)
    return struct.pack("!BBHHH", kind, 0, checksum(head + payload), ident, seq) + payload


def unpack(packet):
    if checksum(packet):
        raise ValueError("bad checksum")
    kind, _, _, ident, seq = struct.unpack("!BBHHH", packet[:8])
    return kind, ident, seq, packet[8:]


def answer(sock):
    _, ident, seq, payload = unpack(sock.recv(2048))
    sock.send(pack(0, ident, seq, payload))


def ping(here, there, seq):
    here.send(pack(8, os.getpid() & 0xffff, seq, b"x" * 56))
    answer(there)
    unpack(here.recv(2048))


def main():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for seq in range(count):
        ping(here, there, seq & 0xffff)
    print("%d packets transmitted, %d received" % (count, count))


main()
