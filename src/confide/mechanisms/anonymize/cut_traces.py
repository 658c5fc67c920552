"""Cutting of the times of visits to days, weeks, months or years."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.durations import in_units
from confide.core.nouns import Release
from confide.mechanisms.anonymize.clocks import Clock
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class CutTraces:
    """Replaces every time by the start of its unit, such as its day, month or year.

    The places of a person, and the days between them, stay. So there is no promise.

    Args:
        clock: the unit, and the local time in which it is counted.

    >>> seen = Traces.of(np.array([0]), np.array([40 * 86_400]), np.array([0]))
    >>> CutTraces(clock=Clock(unit="month"))(seen, rng=None).view.time.tolist()
    [2678400]
    """

    clock: Clock

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng | None) -> Release[Traces]:
        """Release the visits, one for one and in the same order, their times cut."""
        return Release(replace(data, time=self.clock(data.time)), None, "CutTraces")

    def claims(self, view: Traces) -> tuple[Claim, ...]:
        """Every time is the start of a unit."""
        clock = self.clock
        holds = bool(np.array_equal(clock(view.time - clock.written - clock.ahead), view.time))
        unit = f"a {clock.unit}" if isinstance(clock.unit, str) else in_units(clock.unit)
        return (Claim(f"every time is the start of {unit}", holds),)
