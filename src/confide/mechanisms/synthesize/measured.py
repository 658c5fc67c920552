"""What was measured of a table with noise, a model that was fitted to it, and the release made from both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.synthesize.selection import Selection
from confide.views.margins import Measured
from confide.views.table import Table


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
