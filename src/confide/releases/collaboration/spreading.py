"""Where the clients of a simulation train: in this process, in several, or on Ray."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confide.releases.collaboration.settings import CollaborateSettings


@contextmanager
def spread(settings: CollaborateSettings) -> Iterator[dict[str, Any]]:
    """The map over clients, as an argument of `collaborate`; Ray stays open for all rounds.

    Raises:
        ConfideError: if Ray is asked for, and not installed.
    """
    from confide.scale.cluster import ray_map
    from confide.scale.local import processes

    if settings.map == "ray":
        with ray_map(jobs=settings.jobs).kept() as found:
            yield {"map": found}
    else:
        yield {} if settings.jobs == 1 else {"map": processes(settings.jobs)}
