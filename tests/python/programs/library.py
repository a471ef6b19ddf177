# SPDX-License-Identifier: GPL-2.0-or-later
# The standard library at work, the parts of it that are written in Python.
import argparse
import ast
import asyncio
import collections
import configparser
import csv
import difflib
import email
import email.message
import email.policy
import enum
import fractions
import http.client
import http.server
import io
import json
import json.decoder
import json.encoder
import logging
import pprint
import random
import re
import statistics
import string
import sys
import tempfile
import textwrap
import threading
import tokenize
import unittest

try:
    import dataclasses
except ImportError:         # 3.6
    dataclasses = None


def json_():
    data = {"a": [1, 2, {"b": None}], "c": "text" * 10, "d": [i / 3 for i in range(20)], "ключ": "значение"}
    pure = json.encoder.JSONEncoder(indent=2, sort_keys=True)
    text = "".join(pure.iterencode(data))
    assert json.loads(text) == data
    decoder = json.decoder.JSONDecoder()
    decoder.parse_string = json.decoder.py_scanstring
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    assert decoder.decode(text) == data
    try:
        decoder.decode("{")
    except ValueError:
        pass


def email_():
    m = email.message.EmailMessage(policy=email.policy.SMTP)
    m["Subject"] = "Grüße"
    m["From"] = "a@example.org"
    m["To"] = "Someone <b@example.org>, c@example.org"
    m.set_content("text\n" * 5)
    m.add_alternative("<p>text</p>", subtype="html")
    again = email.message_from_bytes(m.as_bytes(), policy=email.policy.default)
    assert again["subject"] == "Grüße"
    [p.get_content_type() for p in again.walk()]


def ast_():
    tree = ast.parse(open(json.encoder.__file__, encoding="utf-8").read())

    class Names(ast.NodeVisitor):
        def __init__(self):
            self.n = 0

        def visit_Name(self, node):
            self.n += 1
            self.generic_visit(node)
    v = Names()
    v.visit(tree)
    ast.dump(tree)
    for node in ast.walk(tree):
        ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
    list(tokenize.generate_tokens(io.StringIO("x = [1, 2]\nif x:\n  y = 'a'\n").readline))


class Case(unittest.TestCase):
    def setUp(self):
        self.x = 1

    def test_one(self):
        self.assertEqual(self.x, 1)

    def test_two(self):
        with self.assertRaises(ValueError):
            int("x")

    def test_fails(self):
        self.assertEqual([1, 2], [1, 3])

    @unittest.skip("no")
    def test_skipped(self):
        pass


def unittest_():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Case)
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun >= 3


class Handler(http.server.BaseHTTPRequestHandler):
    wbufsize = -1               # one packet: how many reads it takes must not vary
    def do_GET(self):
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return "Thu, 01 Jan 1970 00:00:00 GMT"


def http_():
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)

    def serve():
        for i in range(3):
            server.handle_request()
    t = threading.Thread(target=serve)
    t.start()
    for i in range(3):
        c = http.client.HTTPConnection("127.0.0.1", server.server_address[1])
        c.request("GET", "/path%d" % i)
        assert c.getresponse().read() == b"/path%d" % i
        c.close()
    t.join()
    server.server_close()


async def producer(q, n):
    for i in range(n):
        await q.put(i)
    await q.put(None)


async def consumer(q):
    got = []
    while True:
        i = await q.get()
        if i is None:
            return got
        got.append(i)


async def queues():
    q = asyncio.Queue(2)
    r = await asyncio.gather(producer(q, 20), consumer(q))
    lock = asyncio.Lock()
    async with lock:
        pass
    e = asyncio.Event()
    loop = asyncio.get_event_loop()
    loop.call_soon(e.set)
    await e.wait()
    return r


def asyncio_():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(queues())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


class Point:
    x: int
    y: int = 0

    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def __lt__(self, other):
        return (self.x, self.y) < (other.x, other.y)


if dataclasses:
    Point = dataclasses.dataclass(order=True)(type("Point", (), {"__annotations__": {"x": int, "y": int}, "y": 0}))


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def rest():
    p = argparse.ArgumentParser(prog="x")
    p.add_argument("--n", type=int, default=1)
    p.add_argument("rest", nargs="*")
    p.parse_args(["--n", "3", "a", "b"])
    p.format_help()
    c = configparser.ConfigParser()
    c.read_string("[a]\nx=1\ny=%(x)s2\n[b]\nz=3\n")
    c["a"]["y"]
    list(csv.DictReader(io.StringIO("a,b\n1,2\n3,4\n")))
    list(difflib.unified_diff("a b c d".split(), "a c d e".split()))
    sorted([Point(3, 1), Point(1), Point(2)])
    repr(Point(1)), Point(1) == Point(1), list(Colour), Colour(1)
    sum((fractions.Fraction(1, i) for i in range(1, 10)), fractions.Fraction(0))
    log = logging.getLogger("x")
    log.propagate = False
    log.addHandler(logging.StreamHandler(io.StringIO()))
    log.warning("a %s", 3)
    pprint.pformat({"a": list(range(30)), "b": {"c": [1] * 20}})
    r = random.Random(7)
    [r.randint(1, 9) for i in range(20)], r.sample(range(50), 5), r.shuffle(list(range(9)))
    re.compile(r"(a|b)*?c[^d-f]+\d{2,3}(?P<n>x)(?=y)")
    statistics.median([3, 1, 2]), statistics.mean([1, 2, 3])
    string.Template("$a ${b}").substitute(a=1, b=2)
    textwrap.fill("word " * 40)
    collections.OrderedDict(a=1), collections.Counter("abca").most_common(2)
    collections.namedtuple("T", "a b")(1, 2)


def decimal_():
    import _pydecimal
    with _pydecimal.localcontext() as ctx:
        ctx.prec = 30
        x = _pydecimal.Decimal(2)
        x.sqrt(), x.ln(), x / 7, x ** 9


def main():
    json_()
    email_()
    ast_()
    unittest_()
    http_()
    asyncio_()
    rest()
    decimal_()
