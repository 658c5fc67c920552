"""Top and bottom coding (Hundepool et al., Statistical Disclosure Control, 2012, section 3.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class TopBottomCoding:
    """Joins all numbers of a column from a top on, and all up to a bottom, into one range each.

    The oldest person and the largest income point at somebody. There is no promise: numbers between the ends
    stay as they are, and so do all other columns. Missing values stay missing.

    Args:
        column: its name.
        bottom: numbers of at most this become one range; None joins none.
        top: numbers of at least this become one range; None joins none.

    Raises:
        PromiseError: if both are None, not finite, or the bottom is not below the top.
    """

    column: str
    bottom: float | None = None
    top: float | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.bottom, self.top) if end is not None]
        if not ends or not all(map(math.isfinite, ends)) or (len(ends) == 2 and ends[0] >= ends[1]):
            raise PromiseError(
                f"bottom is {self.bottom} and top is {self.top}: give one of them, or two, the bottom first."
            )

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table with the ends of this column joined.

        Raises:
            DataError: if there is no such column, or it holds no numbers.
        """
        at = data.at(self.column)
        low, high = data.low.copy(), data.high.copy()
        for group in self._groups(data):
            if len(group) > 1:
                # A range that reaches into the group becomes one with it: else it would be known better.
                into = (high[:, at] >= group[0]) & (low[:, at] <= group[-1])
                low[into, at] = np.minimum(low[into, at], group[0])
                high[into, at] = np.maximum(high[into, at], group[-1])
        return Release(Table(data.domains, low, high, data.people), None, "TopBottomCoding")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """No cell tells apart numbers beyond the ends."""
        at, holds = view.at(self.column), True
        for group in self._groups(view):
            if len(group) > 1:
                inside = (view.high[:, at] >= group[0]) & (view.low[:, at] <= group[-1])
                whole = (view.low[:, at] <= group[0]) & (view.high[:, at] >= group[-1])
                holds &= bool(whole[inside].all())
        ends = [f"up to {self.bottom:g}" if self.bottom is not None else ""]
        ends += [f"from {self.top:g} on" if self.top is not None else ""]
        said = " and ".join(filter(None, ends))
        return (Claim(f"numbers of {self.column!r} {said} are not told apart", holds),)

    def _groups(self, table: Table) -> list[Ints]:
        """The codes of numbers beyond each end, rising."""
        worth = table.domains[table.at(self.column)].numbers
        if worth is None:
            raise DataError(f"column {self.column!r} holds no numbers: categories have no top.")
        below = worth <= self.bottom if self.bottom is not None else np.zeros(len(worth), np.bool_)
        above = worth >= self.top if self.top is not None else np.zeros(len(worth), np.bool_)
        return [np.flatnonzero(below), np.flatnonzero(above)]
