"""Maps over one machine's cores: in order, one compute thread a worker, errors as they were raised."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.core.errors import ConfideError


@dataclass(frozen=True, slots=True)
class processes:  # noqa: N801 - used as a function, like `map`
    """A map over worker processes, each with one compute thread; the default for training.

    Functions travel by cloudpickle, so closures and code of a notebook work. Arrays above 1 MB are written
    once and shared by memory map; a worker that writes to one changes its own copy only.

    Raises:
        ConfideError: if a worker is killed, or cannot import the code that it is sent.

    Args:
        jobs: how many workers; all cores by default.

    >>> list(processes(1)(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    jobs: int = os.cpu_count() or 1

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        import joblib

        parallel: Any = joblib.Parallel  # its types know fewer arguments than it takes
        pool = parallel(
            n_jobs=self.jobs,
            backend="loky",
            return_as="generator",
            batch_size=1,
            mmap_mode="c",
            inner_max_num_threads=1,
            # Idle workers of an earlier call are used again only if they look in the same folders.
            initializer=_look_in,
            initargs=([folder or str(Path.cwd()) for folder in sys.path],),
        )
        try:
            yield from pool(joblib.delayed(function)(item) for item in items)
        except BrokenExecutor as error:
            raise ConfideError(
                f"a worker process is gone ({str(error).splitlines()[0]}): if it ran out of memory, give "
                "fewer jobs; if it could not import your code, start where it can be imported."
            ) from error


@dataclass(frozen=True, slots=True)
class threads:  # noqa: N801
    """A map over threads, for work that waits (a remote model) or leaves Python to itself (numpy, torch).

    Args:
        jobs: how many threads; all cores by default.

    >>> list(threads(2)(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    jobs: int = os.cpu_count() or 1

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        pool = ThreadPoolExecutor(self.jobs)
        try:
            yield from pool.map(function, items)
        finally:
            pool.shutdown(cancel_futures=True)


def _look_in(folders: list[str]) -> None:
    sys.path[:] = folders
