"""Cutting of the dates of ratings to days, weeks, months or years."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.nouns import Release
from confide.mechanisms.anonymize.clocks import DAY, Clock
from confide.views.interactions import Interactions

NEAR = 2e-3
"""Days that a date may be off: what a column of 32 bits rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRatings:
    """Replaces every date by the start of its unit, such as its day, month or year.

    The rated items stay, and they alone often single a person out. So there is no promise.

    Args:
        clock: the unit, and the local time in which it is counted.

    >>> seen = Interactions.of(np.array([0]), np.array([0]), day=np.array([44.7]))
    >>> CutRatings(clock=Clock(unit="month"))(seen, rng=None).view.day.tolist()
    [31.0]
    """

    clock: Clock

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Interactions, *, rng: Rng | None) -> Release[Interactions]:
        return Release(self.recoded(data), None, "CutRatings")

    def recoded(self, data: Interactions) -> Interactions:
        """The same interactions with their dates cut."""
        if data.day is None:
            return data
        day = self.clock(data.day.astype(np.float64) * DAY) / DAY
        return replace(data, day=day.astype(np.float32))

    def claims(self, view: Interactions) -> tuple[Claim, ...]:
        """Every date is the start of a unit."""
        if view.day is None:
            return ()
        # Rounded to seconds: a date of 32 bits may be a little before the start that it stands for.
        start = np.rint(view.day.astype(np.float64) * DAY) - self.clock.written - self.clock.ahead
        again = self.clock(start + NEAR * DAY / 2) / DAY
        holds = bool((np.abs(again - view.day) <= NEAR).all())
        return (Claim(f"every date is the start of {_unit(self.clock)}", holds),)


def _unit(clock: Clock) -> str:
    return f"a {clock.unit}" if isinstance(clock.unit, str) else f"{clock.unit / DAY:.4g} days"
