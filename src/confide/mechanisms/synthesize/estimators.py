"""The models that AIM fits between its rounds: a junction tree of limited size, or residuals of margins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from confide.core.errors import DataError
from confide.mechanisms.synthesize.graphs.fitting import fit
from confide.mechanisms.synthesize.graphs.model import TreeModel
from confide.mechanisms.synthesize.graphs.triangulation import size_of
from confide.mechanisms.synthesize.measured import Fitted
from confide.mechanisms.synthesize.residual import reconstruct
from confide.mechanisms.synthesize.subsets import Columns
from confide.views.margins import Measured

Model: TypeAlias = Literal["tree", "margins"]
DURING, AT_THE_END = 100, 1000
"""Steps of a tree's fit between two rounds, and after the last, at most."""
NEAR = 0.3
"""Between rounds, the share of the noise's squared distance at which a fit stops. It is less than elsewhere:
a margin that was measured a moment ago must have moved the model before its move is looked at."""


class Estimator(Protocol):
    """What a selection asks of a model while it goes on."""

    def cells(self, sizes: Sequence[int], sets: Iterable[Columns]) -> int:
        """The cells that a model of these margins keeps in memory."""
        ...

    def fit(
        self, sizes: Sequence[int], measured: Sequence[Measured], *, start: Fitted | None, last: bool
    ) -> Fitted:
        """The model of what was measured up to now."""
        ...


@dataclass(frozen=True, slots=True)
class Tree:
    """A graphical model of whole rows; its junction tree grows with each pair that joins two cliques."""

    def cells(self, sizes: Sequence[int], sets: Iterable[Columns]) -> int:
        return size_of(tuple(int(size) for size in sizes), sets)

    def fit(
        self, sizes: Sequence[int], measured: Sequence[Measured], *, start: Fitted | None, last: bool
    ) -> Fitted:
        before = start if isinstance(start, TreeModel) else None
        whole = tuple(int(size) for size in sizes)
        if last:
            return fit(whole, measured, start=before, steps=AT_THE_END)
        return fit(whole, measured, start=before, steps=DURING, until=NEAR)


@dataclass(frozen=True, slots=True)
class Margins:
    """Residuals: as many margins as one likes, each of a limited size, and no rows."""

    def cells(self, sizes: Sequence[int], sets: Iterable[Columns]) -> int:
        return max(math.prod(int(sizes[c]) for c in columns) for columns in sets)

    def fit(
        self, sizes: Sequence[int], measured: Sequence[Measured], *, start: Fitted | None, last: bool
    ) -> Fitted:
        return reconstruct(sizes, measured, nonnegative=last)


def estimator(model: Model) -> Estimator:
    """By name.

    Raises:
        DataError: if there is none of this name.
    """
    if model not in ("tree", "margins"):
        raise DataError(f'model is {model!r}: say "tree" for rows, or "margins" for margins only.')
    return Tree() if model == "tree" else Margins()
