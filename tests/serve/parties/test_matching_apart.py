"""A run of a match that has ended does not wait for what the library still computes."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

pytest.importorskip("private_set_intersection")

from confide.mechanisms.share.refusals import RefusedError
from confide.serve.parties import matching


def test_work_ends_between_two_parts_of_a_list() -> None:
    apart, parts, ended = matching._Apart(), list[int](), threading.Event()
    watch = apart.watching(lambda _what, done, _of: parts.append(done))

    def work() -> None:
        try:
            for part in range(100_000):
                watch("hiding", part, 100_000)
                time.sleep(0.001)
        except RefusedError:
            ended.set()
            raise

    async def run() -> None:
        task = asyncio.create_task(apart.done(work))
        while not parts:
            await asyncio.sleep(0.001)
        task.cancel()
        apart.end()

    asyncio.run(run())
    assert ended.is_set() and len(parts) < 100_000


def test_work_that_has_no_parts_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PARTING", 0.02)
    apart, go_on = matching._Apart(), threading.Event()

    async def run() -> None:
        task = asyncio.create_task(apart.done(go_on.wait))
        await asyncio.sleep(0.01)
        task.cancel()
        apart.end()

    began = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - began < 5 and apart.thread is not None and apart.thread.is_alive()
    go_on.set()
    apart.thread.join(5)
    assert not apart.thread.is_alive()


def test_an_error_of_the_work_is_raised() -> None:
    def work() -> None:
        raise RefusedError("no points.")

    with pytest.raises(RefusedError, match="no points"):
        asyncio.run(matching._Apart().done(work))
