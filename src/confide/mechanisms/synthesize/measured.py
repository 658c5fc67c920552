"""What was measured of a table with noise, a model that was fitted to it, and the release made from both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.synthesize.selection import Selection
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A margin of a table, counted with noise.

    Args:
        columns: by position, rising.
        counts: float64, one axis a column: the rows in each cell, with noise. They can be below 0.
        sigma: the deviation of the noise on each count.
        rho: what it cost, of zero-concentrated differential privacy.
        chosen: whether it was chosen by looking at the data, under noise.
        merged: where rare values were counted together, int64 for each axis: the place on the axis of each
            value of the column. None where each value has its own place.
    """

    columns: tuple[int, ...]
    counts: Floats
    sigma: float
    rho: float
    chosen: bool = False
    merged: tuple[Ints, ...] | None = None


class Fitted(Protocol):
    """A model of a table, from which margins are computed and rows are drawn."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of values of each column."""
        ...

    @property
    def total(self) -> float:
        """How many rows it stands for."""
        ...

    def margin(self, columns: tuple[int, ...]) -> Floats:
        """The expected rows in each cell of these columns, given in rising order: one axis a column."""
        ...

    def rows(self, n: int, *, rng: Rng) -> NDArray[np.int32]:
        """n rows as codes, int32[n, d]."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticRelease(Release[Table]):
    """A synthetic table, with what was measured to make it; all of it is public.

    Args:
        margins: what was measured.
        model: what was fitted to it.
        spent: what margins and choices cost together, of rho; never above what the budget allows.
        selection: how margins were chosen, where their scores bound the errors of the others.
    """

    margins: tuple[Measured, ...] = ()
    model: Fitted | None = None
    spent: float = 0.0
    selection: Selection | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticRehearsal(Rehearsal[Table]):
    """What `SyntheticRelease` is, with noise from a seed: for audits and tests, and no release."""

    margins: tuple[Measured, ...] = ()
    model: Fitted | None = None
    spent: float = 0.0
    selection: Selection | None = None


Synthesised: TypeAlias = SyntheticRelease | SyntheticRehearsal


def synthesised(
    noise: Noise,
    table: Table,
    budget: Budget | None,
    maker: str,
    *,
    margins: tuple[Measured, ...] = (),
    model: Fitted | None = None,
    spent: float = 0.0,
    selection: Selection | None = None,
) -> Synthesised:
    """A release, if nobody can replay its noise; a rehearsal otherwise."""
    made = SyntheticRelease if noise == "secure" else SyntheticRehearsal
    return made(table, budget, maker, margins, model, spent, selection)


def counted(table: Table, columns: tuple[int, ...]) -> Ints:
    """The rows in each cell of these columns, exactly: int64, one axis a column.

    Raises:
        DataError: if cells hold ranges of values.

    >>> from confide.views.table import Domain
    >>> table = Table.of([Domain("a", ("0", "1")), Domain("b", ("0", "1"))], np.array([[0, 1], [1, 1]]))
    >>> counted(table, (0, 1)).tolist()
    [[0, 1], [0, 1]]
    """
    if table.low is not table.high:
        raise DataError("the table has cells that hold several values: give the one that was collected.")
    sizes = tuple(int(size) for size in table.sizes[list(columns)])
    if not columns:
        return np.array(len(table), np.int64)
    at = np.ravel_multi_index(tuple(table.low[:, c] for c in columns), sizes)
    return np.bincount(at, minlength=int(np.prod(sizes))).reshape(sizes)
