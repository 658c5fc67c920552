"""Parallel maps over the cores of one machine, by processes or threads."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from confide.core.errors import ConfideError

_LEAVE = os._exit
"""The true one: while code of the user's is called, `os._exit` is an error (`models/guard.py`)."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class processes:  # noqa: N801 - used as a function, like `map`
    """A parallel map over worker processes with one compute thread each; the default for training.

    Results come in the order of the items, and errors are raised as the function raised them. Functions are
    sent by cloudpickle, so closures and code of a notebook work. Arrays above 1 MB are written once and
    shared by memory map; a worker that writes to one changes only its own copy.

    Raises:
        ConfideError: if a worker is killed, or cannot import the code that it is sent.

    Args:
        jobs: the number of workers; all cores by default.

    >>> list(processes(1)(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    jobs: int = os.cpu_count() or 1

    def __call__(self, function: Callable[[_Item], _Result], items: Iterable[_Item], /) -> Iterator[_Result]:
        import joblib

        parallel: Any = joblib.Parallel  # its type stubs know fewer arguments than it takes
        pool = parallel(
            n_jobs=self.jobs,
            backend="loky",
            return_as="generator",
            batch_size=1,
            mmap_mode="c",
            inner_max_num_threads=1,
            # joblib reuses idle workers of an earlier call only if their initializer is the same.
            initializer=_begin,
            initargs=([folder or str(Path.cwd()) for folder in sys.path],),
        )
        try:
            yield from pool(joblib.delayed(function)(item) for item in items)
        except BrokenExecutor as error:
            raise ConfideError(
                f"a worker process stopped ({str(error).splitlines()[0]}): if it ran out of memory, give "
                "fewer jobs; if it could not import your code, start in a folder where it can be imported."
            ) from error


@dataclass(frozen=True, slots=True)
class threads:  # noqa: N801
    """A parallel map over threads, for work that waits (a remote model) or releases Python (numpy, torch).

    Args:
        jobs: the number of threads; all cores by default.

    >>> list(threads(2)(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    jobs: int = os.cpu_count() or 1

    def __call__(self, function: Callable[[_Item], _Result], items: Iterable[_Item], /) -> Iterator[_Result]:
        pool = ThreadPoolExecutor(self.jobs)
        try:
            yield from pool.map(function, items)
        finally:  # also if the caller stops early: work that has not begun is dropped
            pool.shutdown(cancel_futures=True)


def _begin(folders: list[str]) -> None:
    """Begin as a worker: find the user's modules, and end when the process that sent for it is gone."""
    sys.path[:] = folders
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process once its parent is dead.

    A parent that was killed closes nothing: its workers would wait for work for minutes, and as long as one
    lives nobody removes the records that were shared with them.
    """
    while os.getppid() == parent:
        time.sleep(0.5)
    _LEAVE(1)
