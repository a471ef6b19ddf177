# SPDX-License-Identifier: GPL-2.0-or-later
# Every way in and out of a Python function that the language has.
import asyncio
import functools
import gc
import signal
import sys
import os
import threading


def plain(a, b=2, *c, d=4, **e):
    return a


def recursive(n):
    return n if n < 2 else recursive(n - 1) + recursive(n - 2)


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


def too_deep():
    return too_deep()


def generator(n):
    for i in range(n):
        yield i


def delegating(n):
    total = yield from generator(n)
    yield total


def catching():
    while True:
        try:
            yield 1
        except ValueError:
            yield 2
        finally:
            pass


def generators():
    assert sum(generator(10)) == 45
    list(delegating(5))
    g = catching()
    next(g)
    g.throw(ValueError())
    next(g)
    g.close()
    g = generator(3)
    next(g)
    g.close()
    g = catching()
    next(g)
    try:
        g.throw(KeyError())
    except KeyError:
        pass
    g = catching()
    try:
        g.throw(KeyError())     # before it has begun
    except KeyError:
        pass
    generator(3)                # never run
    generator(3).close()
    # Until 3.10 a profile function makes locals live on for a while: this is none.
    box = [catching()]
    next(box[0])
    box[0].send(7)
    box.clear()
    d = delegating(4)
    next(d)
    try:
        d.throw(IndexError())
    except IndexError:
        pass
    next(generator(2))          # destroyed while suspended


class Awaitable:
    def __init__(self, n):
        self.n = n

    def __await__(self):
        for i in range(self.n):
            yield None
        return self.n


async def leaf(n):
    await Awaitable(n)
    return n


async def agen(n):
    for i in range(n):
        await leaf(1)
        yield i


class Manager:
    async def __aenter__(self):
        await leaf(1)
        return self

    async def __aexit__(self, *exc):
        await leaf(1)


async def coroutine():
    total = 0
    async for i in agen(5):
        total += i
    total += sum([i async for i in agen(3)])
    async with Manager():
        total += await leaf(2)
    results = await asyncio.gather(leaf(1), leaf(2), fails(), return_exceptions=True)
    task = asyncio.ensure_future(forever())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    return total, len(results)


async def fails():
    raise RuntimeError


async def forever():
    while True:
        await asyncio.sleep(0)


def by_hand():
    c = leaf(3)
    try:
        while True:
            c.send(None)
    except StopIteration:
        pass
    c = leaf(3)
    c.send(None)
    c.close()


class Shape:
    registry = []

    def __init_subclass__(cls, **kw):
        Shape.registry.append(cls)

    def __new__(cls, *args):
        return super().__new__(cls)

    def __init__(self, x=0):
        self._x = x

    def __del__(self):
        deleted(self)

    def __getattr__(self, name):
        if name == "missing":
            return None
        raise AttributeError(name)

    def __eq__(self, other):
        return self._x == other._x

    def __hash__(self):
        return hash(self._x)

    def __lt__(self, other):
        return self._x < other._x

    def __add__(self, other):
        return type(self)(self._x + other._x)

    def __getitem__(self, i):
        if i > 3:
            raise IndexError
        return i

    def __call__(self, x):
        return x

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return True

    def __iter__(self):
        return (i for i in range(3))

    def __len__(self):
        return 3

    def __contains__(self, x):
        return x == 2

    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, v):
        self._x = v

    @staticmethod
    def static(a):
        return a

    @classmethod
    def klass(cls, a):
        return a


class Square(Shape):
    def __init__(self, x=1):
        super().__init__(x)


class Simple:
    def __init__(self, a):
        self.a = a


def deleted(x):
    pass


def classes():
    shapes = [Square(i) for i in range(20)]
    shapes[3].x = 5
    [s.x for s in shapes]
    sorted(shapes)
    sorted(shapes, key=lambda s: -s._x)
    list(map(lambda s: s._x, shapes))
    list(filter(lambda s: s._x > 3, shapes))
    min(shapes, key=Shape.klass)
    shapes[0] + shapes[1]
    {s: 1 for s in shapes}
    list(shapes[0])
    2 in shapes[0]
    len(shapes[0])
    for i in shapes[0]:
        Shape.static(i)
    shapes[0].missing
    getattr(shapes[0], "other", None)
    try:
        shapes[0].nothing
    except AttributeError:
        pass
    shapes[0](3)
    with shapes[0]:
        raise ValueError
    for i in range(200):
        Simple(i)
    local = type("Made", (Shape,), {"method": lambda self: 1})
    local().method()


def decorator(f):
    @functools.wraps(f)
    def wrapper(*args):
        return f(*args)
    return wrapper


@decorator
def decorated(x):
    return x


@functools.lru_cache(None)
def cached(x):
    return x


def comprehensions():
    [i for i in range(3)]
    {i for i in range(3)}
    {i: i for i in range(3)}
    sum(i for i in range(3))
    [[j for j in range(i)] for i in range(4)]
    any(i > 1 for i in range(5))
    tuple(i for i in ())


def raiser(n):
    if n == 0:
        raise ValueError("deep")
    raiser(n - 1)


def reraiser(n):
    try:
        raiser(n)
    except ValueError as e:
        raise KeyError from e
    finally:
        plain(1)


def exceptions():
    for i in range(5):
        try:
            raiser(i)
        except ValueError:
            pass
        try:
            reraiser(i)
        except KeyError:
            pass
    try:
        plain()
    except TypeError:
        pass
    try:
        plain(1, nothing=2, a=3)
    except TypeError:
        pass
    try:
        Simple()
    except TypeError:
        pass
    try:
        next(iter(generator(0)))
    except StopIteration:
        pass
    # How deep it gets differs with a profile function, by a few frames: not counted, but passed.


def executed():
    exec("def inner(a):\n  return a\nfor i in range(5): inner(i)\nclass K:\n  y = 1\n  def m(self): pass\nK().m()\n")
    eval("plain(3)")
    eval("[plain(i) for i in range(3)]")
    space = {"plain": plain}
    exec(compile("plain(1)\nf = lambda: 3\nf()", "<made up>", "exec"), space)


def non_ascii():
    space = {}
    exec(compile("def größe(x): return x\ndef 大きさ(x): return größe(x)\ndef 𝓯(x): return 大きさ(x)\n"
                 "for i in range(3): 𝓯(i)\n", "/tmp/données/файл.py", "exec"), space)


def threads():
    def work(n):
        for i in range(n):
            recursive(8)
            sum(generator(5))
    all = [threading.Thread(target=work, args=(5,)) for i in range(4)]
    for t in all:
        t.start()
    for t in all:
        t.join()


def handler(signum, frame):     # until 3.10 it runs inside of the profile function
    pass


def signals():
    signal.signal(signal.SIGUSR1, handler)
    for i in range(5):
        os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)


def collected():
    a, b = Square(1), Square(2)
    a.other, b.other = b, a
    del a, b
    gc.collect()


def forked():
    pid = os.fork()
    if not pid:
        recursive(5)
        os._exit(0)
    os.waitpid(pid, 0)


def variables():
    x = 1

    def closure():
        nonlocal x
        x += 1
        return lambda: x
    for i in range(5):
        closure()()
    functools.reduce(lambda a, b: a + b, range(10))
    functools.partial(plain, 1)(2)


def hot():
    total = 0
    for i in range(3000):
        total += plain(i)
        total += Simple(i).a
        total += decorated(i)
    for i in generator(3000):
        total += i
    return total


def main():
    plain(1)
    recursive(12)
    assert deep(400) == 400
    generators()
    by_hand()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(coroutine())
    loop.close()
    classes()
    decorated(1)
    cached(1), cached(1), cached(2)
    comprehensions()
    exceptions()
    executed()
    non_ascii()
    threads()
    signals()
    collected()
    forked()
    variables()
    hot()
