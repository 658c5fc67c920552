"""Coroutines run to their end from ordinary code, in a notebook too, where an event loop runs already."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def finished(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What a coroutine gives. Where a loop runs in this thread, it runs in a thread of its own.

    Ctrl-C cancels it there too, so that it can say goodbye to the others.

    Args:
        work: makes the coroutine.

    >>> async def answer() -> int:
    ...     return 42
    >>> async def cell() -> int:
    ...     return finished(answer)
    >>> finished(answer), asyncio.run(cell())
    (42, 42)
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    found: Future[T] = Future()
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def told() -> T:
        begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        return await work()

    def run() -> None:
        try:
            value = asyncio.run(told())
        except BaseException as fault:
            found.set_exception(fault)
        else:
            found.set_result(value)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        return found.result()
    except BaseException:
        loop, task = begun.result()
        if not found.done() and task is not None:
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
