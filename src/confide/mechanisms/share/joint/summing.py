"""Fixed-point sums: floats of every party on a grid that public bounds fix, so that no sum can overflow.

*Statement.* A statistic of absolute value at most b goes onto a grid of 2^k steps a unit with b 2^k <= 2^B.
B is 62 where many are sent, and 120 where few are, which costs nothing and keeps digits where bounds are far
too wide. The sum over m parties is off by at most m / 2^(k + 1), half a step each, and whole numbers are
exact. The field has room for m 2^B of either sign: an overflow is impossible, and what is beyond its bound is
refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError
from confide.mechanisms.share.joint.engine import Engine
from confide.mechanisms.share.joint.plan import Column, JointPlan

MANY = 4_096
"""Numbers above which a vector is long."""


def bits_for(count: int) -> int:
    """Bits of a number, for a vector of this length."""
    return 62 if count > MANY else 120


class SharedFindingError(DataError):
    """What every party finds in what all of them opened: no party is to blame, and none is lost."""


class Totals(Protocol):
    """Sums over all owners, place by place, opened to every party."""

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        """The sums.

        Args:
            values: float64[n] of this party; None for a helper.
            bounds: float64[n], public, of the absolute value of each.
        """
        ...


@dataclass(frozen=True, slots=True)
class SharedTotals:
    """Totals by secret sharing.

    Args:
        engine: of this party.
        plan: that names the owners.
    """

    engine: Engine
    plan: JointPlan

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        """The sums, each off by at most `errors(bounds, owners)`.

        Raises:
            DataError: if a value is beyond its bound or not finite.
        """
        owners = [self.plan.names.index(name) for name in self.plan.owners]
        whole = None if values is None else on_grid(values, bounds)
        found = await self.engine.totals(
            whole, count=len(bounds), bound=2 ** bits_for(len(bounds)), owners=owners
        )
        return np.array([float(total) for total in found]) / steps(bounds)


def steps(bounds: Floats) -> Floats:
    """Steps in a unit, a power of two for each bound.

    >>> steps(np.array([1.0, 1000.0])) * np.array([1, 1024]) == 2.0**120
    array([ True,  True])
    """
    bits = bits_for(len(bounds))
    return np.array([2.0 ** (bits - math.ceil(math.log2(bound))) if bound > 0 else 1.0 for bound in bounds])


def errors(bounds: Floats, owners: int) -> Floats:
    """The error of each sum at most."""
    return owners / (2 * steps(bounds))


def on_grid(values: Floats, bounds: Floats) -> list[int]:
    """Values in whole steps.

    Raises:
        DataError: if a value is beyond its bound or not finite.
    """
    refuse_beyond(values, bounds)
    return [int(step) for step in np.rint(np.clip(values, -bounds, bounds) * steps(bounds))]


def refuse_beyond(values: Floats, bounds: Floats) -> None:
    """Refuse statistics beyond their bounds.

    Raises:
        DataError: if one is, or is not finite.
    """
    beyond = ~(np.abs(values) <= bounds * (1 + 1e-12))  # float sums round; NaN is beyond
    if beyond.any():
        raise DataError(
            f"{int(beyond.sum()):,} of {len(values):,} statistics are beyond their bounds or not finite: see "
            "that every value is within the declared bounds, and that there are no more rows than declared."
        )


def checked(records: Mapping[str, Array], plan: JointPlan) -> Floats:
    """This party's values of the plan's columns, within their bounds: float64[n, columns].

    Raises:
        DataError: for the first column that is missing, not finite or out of bounds; nothing was sent.
    """
    found = [within(records, column) for column in plan.columns]
    if len({len(values) for values in found}) > 1:
        raise DataError(f"columns of {', '.join(f'{len(v):,}' for v in found)} rows: give equal ones.")
    if len(found[0]) > plan.rows:
        raise DataError(
            f"{len(found[0]):,} rows, and an owner has {plan.rows:,} at most by the plan: raise `rows` in "
            "the plan of all parties, or give fewer."
        )
    return np.stack(found, axis=1)


def within(records: Mapping[str, Array], column: Column) -> Floats:
    """A column of this party's records, within its bounds: float64[n].

    Raises:
        DataError: if it is missing, not finite or out of bounds.
    """
    if column.name not in records:
        raise DataError(f"the records have no column {column.name!r:.60}, which the plan reads.")
    values = np.asarray(records[column.name], np.float64)
    outside = np.flatnonzero(~((column.low <= values) & (values <= column.high)))
    if outside.size:
        raise DataError(
            f"{outside.size:,} values of {column.name!r:.60} are outside {column.low:g} to "
            f"{column.high:g} or missing, the first in row {outside[0] + 1:,}: clip them, or agree on "
            "wider bounds."
        )
    return values
