"""A map over a Ray cluster: the same argument as on one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from confide.core.errors import ConfideError


@dataclass(frozen=True, slots=True)
class ray_map:  # noqa: N801 - used as a function, like `map`
    """A map over Ray workers, with one core and one compute thread each (extra `ray`).

    The function, with all data in it, is put into Ray's store once. A cache folder given to `fit_many` must
    be one that all machines share. Ray is started if it does not run yet, and then stopped at the end.

    Args:
        address: of a running cluster, for example "auto"; None starts one on this machine.
        jobs: cores to start it with; all by default. Without effect on a running cluster.
    """

    address: str | None = None
    jobs: int | None = None

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        try:
            ray: Any = import_module("ray")
        except ImportError as error:
            raise ConfideError(
                "Ray is not installed: `pip install 'confide[ray]'`, or use processes."
            ) from error
        started = not ray.is_initialized()
        if started:
            local = {"num_cpus": self.jobs, "include_dashboard": False} if self.address is None else {}
            ray.init(self.address, log_to_driver=False, logging_level="warning", **local)
        waiting: list[Any] = []
        try:
            shared = ray.put(function)
            work = ray.remote(num_cpus=1)(_call)  # a task with one core gets one compute thread from Ray
            waiting = [work.remote(shared, item) for item in items]
            while waiting:
                yield ray.get(waiting.pop(0))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        finally:
            if started:
                ray.shutdown()
            else:
                for task in waiting:
                    ray.cancel(task)


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)
