"""A parallel map over a Ray cluster, used like the maps of one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from confide.core.errors import ConfideError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ray_map:  # noqa: N801 - used as a function, like `map`
    """A parallel map over Ray workers with one core and one compute thread each (extra `ray`).

    The function and all data in it are put into Ray's store once. A cache folder given to `fit_many` must be
    shared by all machines. If Ray does not run yet, it is started, and stopped at the end.

    Args:
        address: the address of a running cluster, for example "auto"; None starts one on this machine.
        jobs: the number of cores to start it with; all by default. It has no effect on a running cluster.
    """

    address: str | None = None
    jobs: int | None = None

    @contextmanager
    def kept(self) -> Iterator[ray_map]:
        """Keep Ray open over several maps, each of which would start and stop it by itself."""
        ray, started = self._opened()
        try:
            yield self
        finally:
            if started:
                ray.shutdown()

    def _opened(self) -> tuple[Any, bool]:
        """Ray, and whether it was started here."""
        try:
            ray: Any = import_module("ray")  # an optional dependency: no types where it is not installed
        except ImportError as error:
            raise ConfideError(
                "Ray is not installed: `pip install 'confide[ray]'`, or use processes."
            ) from error
        started = not ray.is_initialized()
        if started:
            local = {"num_cpus": self.jobs, "include_dashboard": False} if self.address is None else {}
            ray.init(self.address, log_to_driver=False, logging_level="warning", **local)
        return ray, started

    def __call__(self, function: Callable[[_Item], _Result], items: Iterable[_Item], /) -> Iterator[_Result]:
        ray, started = self._opened()
        waiting: list[object] = []
        try:
            shared = ray.put(function)
            work = ray.remote(num_cpus=1)(_call)  # a task with one core gets one compute thread from Ray
            waiting = [work.remote(shared, item) for item in items]
            while waiting:
                yield ray.get(waiting.pop(0))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None  # the error as the function raised it
        finally:
            if started:
                ray.shutdown()
            else:
                for task in waiting:  # the caller stopped early: free the cluster for others
                    ray.cancel(task)


def _call(function: Callable[[_Item], _Result], item: _Item) -> _Result:
    return function(item)
