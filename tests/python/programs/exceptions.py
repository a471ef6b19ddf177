# SPDX-License-Identifier: GPL-2.0-or-later
# Exceptions: raised, passed on, caught, thrown in, raised again, swallowed by C. And garbage, collected by hand.
import asyncio
import contextlib
import gc
import threading


class Own(Exception):
    class Inner(KeyError):
        pass


def raiser(x):
    if x > 2:
        raise Own.Inner(x)
    raise Own("text")


def passes(x):
    return raiser(x)


def deep(n):
    return deep(n - 1) if n else {}["nothing"]


def cleans_up(x):
    try:
        passes(x)
    finally:
        len("")


def raises_again(x):
    try:
        passes(x)
    except Own:
        raise


def raises_other(x):
    try:
        passes(x)
    except Exception as e:
        raise ValueError(x) from e


def kept():
    try:
        raiser(1)
    except Own as e:
        saved = e
    raise saved


def generator(n):
    try:
        for i in range(n):
            yield i
    except KeyError:
        yield -1
    finally:
        len("")


def delegating(n):
    yield from generator(n)


class Iterator:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise StopIteration
        return self.n


class Unraisable:
    def __del__(self):
        raise Own("nobody sees it")


class CollectsAgain:        # while garbage is collected: that is no collection of its own
    def __del__(self):
        gc.collect()


class Attributes:
    def __getattr__(self, name):
        raise AttributeError(name)


@contextlib.contextmanager
def managed():
    try:
        yield 1
    except Own:
        pass


def größe():
    raise Own


def caught(f, *args):
    try:
        f(*args)
    except Exception:
        return
    raise SystemError(f)


async def cancelled():
    await asyncio.sleep(100)


async def coroutine():
    task = asyncio.ensure_future(cancelled())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    results = await asyncio.gather(failing(), failing(), return_exceptions=True)
    assert len(results) == 2


async def failing():
    await asyncio.sleep(0)
    raise Own


def too_deep():
    return too_deep()


def by_hand():
    g = generator(3)
    next(g)
    assert g.throw(KeyError) == -1
    g.close()
    g = delegating(3)
    next(g)
    g.close()
    g = delegating(3)
    next(g)
    caught(g.throw, Own)
    caught(next, Iterator(0))
    assert next(iter(Iterator(0)), 5) == 5
    caught([].__iter__().__next__)


def in_c():
    caught(lambda: sorted([3, 1], key=raiser))
    caught(lambda: list(map(passes, [1, 5])))
    assert not hasattr(Attributes(), "x")
    assert getattr(Attributes(), "x", 1) == 1
    int("7")
    caught(int, "x")
    caught(lambda: int("x"))
    caught(lambda: 1 / 0)
    caught(lambda: [][1])
    caught(lambda: undefined)       # noqa: F821
    caught(lambda: "a" + 1)
    caught(lambda: None.nothing)
    caught(lambda: passes())
    caught(exec, "raise KeyError\n")
    caught(exec, "def f():\n  return [1 / x for x in (1, 0)]\nf()\n")


def main():
    gc.disable()
    for i in range(5):
        caught(raiser, i)
        caught(passes, i)
        caught(cleans_up, i)
        caught(raises_again, i)
        caught(raises_other, i)
    caught(kept)
    caught(deep, 20)
    caught(größe)
    caught(__import__, "no_such_module_at_all")
    by_hand()
    in_c()
    assert sum(Iterator(4)) == 6
    assert [x for x in Iterator(3)] == [2, 1, 0]
    for x in Iterator(2):
        pass
    for x in delegating(3):
        pass
    with managed():
        passes(1)
    with contextlib.suppress(Own):
        passes(1)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(coroutine())
    loop.close()
    threads = [threading.Thread(target=caught, args=(deep, 5)) for i in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    cycle = CollectsAgain()
    cycle.itself = cycle
    del cycle
    for generation in 0, 1, 2, 2:
        gc.collect(generation)
