"""Wilson, Zhang, Lam et al.: Differentially Private SQL with Bounded User Contribution (2020), its bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows

FAILS = 1e-3
"""The chance that an empty cell passes for one with people in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateBounds(Promise):
    """Finds between which public numbers nearly all rows of a column are.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* Rows are counted in disjoint cells between neighbouring candidates. The person has at most K rows
    after the cut, and moves the counts by at most K in the L1 and L2 norms. The noise is made for that, and
    the bounds are computed from the noised counts.

    *Conditions.* Candidates and `at_most` are public.

    The first and the last cell whose count is clearly above the noise are the ends. So numbers of a few
    people only are beyond the bounds, and with few rows or little budget nothing is found.

    Args:
        candidates: float64[m], rising, two or more. Values beyond the first and the last count as these.

    >>> ages = PersonRows.of(values=18.0 + np.arange(6_000) % 60)
    >>> find = PrivateBounds(epsilon=1.0, candidates=np.array([0.0, 10, 20, 50, 100]), noise="rehearsal")
    >>> find(ages, rng=np.random.default_rng(0)).view
    (10.0, 100.0)
    """

    candidates: Floats = field(compare=False)

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if len(self.candidates) < 2 or not (np.diff(self.candidates) > 0).all():
            raise PromiseError("bounds are found among two candidates or more, which rise.")

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[tuple[float, float] | None]:
        """The bounds, or None where no cell is clearly above the noise.

        Raises:
            DataError: if the rows have no values.
        """
        if data.values is None:
            raise DataError("bounds are of a column of numbers: give values.")
        choosing, noising = rng.spawn(2)
        values = np.asarray(self.cut(data, choosing).values, np.float64)
        values = values[~np.isnan(values)]
        cells = len(self.candidates) - 1
        at = np.clip(np.searchsorted(self.candidates, values, side="right") - 1, 0, cells - 1)
        law = self.law(l1=self.most, l2_squared=self.most**2)
        counts = np.bincount(at, minlength=cells) + self.drawn(law, cells, noising)
        # The noise of an empty cell reaches this with the chance FAILS somewhere among all cells.
        far = law.half_width(1 - FAILS / cells)
        there = np.flatnonzero(counts > far)
        found = None
        if len(there):
            found = float(self.candidates[there[0]]), float(self.candidates[there[-1] + 1])
        return outcome(self.noise, found, self.budget, "PrivateBounds")


def round_numbers(largest: int, *, whole: bool) -> Floats:
    """Public candidates: 0, and 1, 2, 5, 10, 20, ... up to 10^largest of both signs; parts of 1 if not whole.

    >>> round_numbers(1, whole=True).tolist()
    [-10.0, -5.0, -2.0, -1.0, 0.0, 1.0, 2.0, 5.0, 10.0]
    """
    first = 0 if whole else -6
    above = [d * 10.0**k for k in range(first, largest) for d in (1, 2, 5)] + [10.0**largest]
    return np.array([*[-x for x in reversed(above)], 0.0, *above])
