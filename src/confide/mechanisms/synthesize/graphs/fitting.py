"""McKenna, Sheldon, Miklau: Graphical-model based estimation and inference for privacy (ICML 2019)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.synthesize.graphs.model import Part, TreeModel
from confide.mechanisms.synthesize.graphs.propagation import Propagation
from confide.mechanisms.synthesize.graphs.triangulation import Columns, cliques_of
from confide.mechanisms.synthesize.measured import Measured

LONGER = 1.25
"""A step that succeeded is tried this much longer the next time."""
PACE, LITTLE = 10, 0.05
"""The descent ends where this number of steps lowers the loss by less than this part of the noise's."""
HALVINGS = 40
"""Of a step, before it is given up: the model is at the optimum to rounding."""


def fit(
    sizes: Sequence[int],
    measured: Sequence[Measured],
    *,
    total: float | None = None,
    start: TreeModel | None = None,
    steps: int = 1000,
    cliques: Sequence[Columns] = (),
    until: float = 0.5,
) -> TreeModel:
    """Fit the tree model that comes nearest to noised margins: mirror descent with momentum, in log space.

    It minimises half the squared distance of margins, each cell weighted by 1 / sigma^2, over all tables that
    have the total. Of the tables with those margins it finds one of the largest entropy, which is a product
    of weights of the measured cells. The step length is found by search; the momentum is dropped when the
    loss rises.

    The true table is a candidate too, and its weighted squared distance is about the number of measured
    cells: the noise alone. A model that comes much nearer fits the noise. Therefore the descent stops below
    that, or where it has become slow (Morozov's discrepancy principle).

    Args:
        sizes: the number of values of each column.
        measured: the noised margins. Repeated ones are averaged by 1 / sigma^2.
        total: the number of rows; None to take it from the margins' sums. It is 1 at least.
        start: an earlier fit. The weights of every margin that it was fitted to are kept.
        steps: at most.
        cliques: further sets of columns that are to be inside one clique.
        until: the share of the noise's squared distance at which to stop; 0 to go on to the optimum. The
            default was picked on the NIST ACS file of 2018.

    Raises:
        DataError: if a margin is over columns that are not there, or has another shape than they.

    >>> ages = Measured(columns=(0,), counts=np.array([30.0, 70.0]), sigma=1.0, rho=0.5)
    >>> both = Measured(columns=(0, 1), counts=np.array([[9.0, 21.0], [40.0, 30.0]]), sigma=1.0, rho=0.5)
    >>> fit((2, 2), [ages, both], until=0).margin((1,)).round(3).tolist()
    [49.0, 51.0]
    """
    sizes = tuple(int(size) for size in sizes)
    _refuse_misfits(sizes, measured)
    whole = total_of(measured) if total is None else total
    return fit_weighted(
        sizes, pooled(measured), whole, start=start, steps=steps, cliques=cliques, until=until
    )


def fit_weighted(
    sizes: Columns,
    counts: Mapping[Columns, tuple[Floats, Floats | float]],
    total: float,
    *,
    start: TreeModel | None = None,
    steps: int = 1000,
    cliques: Sequence[Columns] = (),
    until: float = 0.5,
) -> TreeModel:
    """Fit as `fit` does, to one array of counts for each set of columns, and one over their variance.

    Args:
        sizes: the number of values of each column.
        counts: for rising columns what was counted, one axis a column, and the weight of the cells.
        total: the number of rows; 1 at least is taken.
        start: as in `fit`.
        steps: as in `fit`.
        cliques: as in `fit`.
        until: as in `fit`.
    """
    sets, whole = tuple(counts), max(total, 1.0)
    family = Propagation.of(sizes, cliques_of(sizes, frozenset([*sets, *map(tuple, cliques)])), sets)
    goal = _Goal(
        family,
        family.vector([array for array, _ in counts.values()]),
        family.vector([np.asarray(weight, np.float64) for _, weight in counts.values()]),
        whole,
    )
    known = dict(start.parameters) if start else {}
    first = family.vector([known.get(columns, np.zeros(1)) for columns in sets])
    found = goal.descend(first, steps=steps, noise=until * len(first) / 2)
    margins, _ = family(found, whole)
    return TreeModel(
        sizes=sizes,
        total=whole,
        parts=tuple(
            Part(node.columns, node.cells.reshape(node.shape).copy(), node.parent, node.separator)
            for node in family.nodes
        ),
        parameters=tuple((columns, found[at]) for columns, at in zip(sets, family.turned, strict=True)),
        loss=goal.loss(margins),
    )


def total_of(measured: Sequence[Measured]) -> float:
    """The number of rows, from the sums of the margins, each weighted by the inverse of its variance.

    >>> margin = Measured(columns=(0,), counts=np.array([30.0, 70.0]), sigma=1.0, rho=0.5)
    >>> total_of([margin, Measured(columns=(1,), counts=np.full(8, 15.0), sigma=1.0, rho=0.5)])
    104.0
    """
    precision = np.array([1 / (margin.sigma**2 * margin.counts.size) for margin in measured])
    sums = np.array([margin.counts.sum() for margin in measured])
    return float(sums @ precision / precision.sum()) if len(measured) else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Goal:
    """What is minimised.

    Args:
        family: of models.
        counts: float64[p], what was measured, in the order of the family's parameters.
        weights: float64[p], one over the variance of the noise.
        total: of rows.
    """

    family: Propagation
    counts: Floats
    weights: Floats
    total: float

    def loss(self, margins: Floats) -> float:
        """Half the weighted squared distance."""
        gap = margins - self.counts
        return 0.5 * float(self.weights @ (gap * gap))

    def descend(self, first: Floats, *, steps: int, noise: float) -> Floats:
        """The parameters at which the loss is that of the noise, or hardly falls, or is smallest."""
        found = ahead = first
        margins, _ = self.family(ahead, self.total)
        best = self.loss(margins)
        # The curvature of the entropy is at least 1 / total, that of the loss at most the largest weight.
        rate = 1 / (self.total * max(self.weights.max(initial=0.0), 1e-300))
        momentum = 1.0
        before = math.inf
        for i in range(steps):
            if i % PACE == 0:
                if before - best < noise * LITTLE:
                    break
                before = best
            if best <= noise or not (step := self._step(ahead, margins, rate * LONGER)):
                break
            new, loss, rate = step
            if loss > best and momentum > 1:
                momentum, ahead = 1.0, found
            else:
                further = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
                ahead = new + (momentum - 1) / further * (new - found)
                found, best, momentum = new, loss, further
            margins, _ = self.family(ahead, self.total)
        return found

    def _step(self, ahead: Floats, margins: Floats, rate: float) -> tuple[Floats, float, float] | None:
        """A step of mirror descent that lowers the loss by at least half of what the gradient foretells."""
        slope = self.weights * (margins - self.counts)
        loss = self.loss(margins)
        for _ in range(HALVINGS):
            new = ahead - rate * slope
            reached, _ = self.family(new, self.total)
            lower = self.loss(reached)
            if loss - lower >= 0.5 * float(slope @ (margins - reached)) and lower < loss:
                return new, lower, rate
            rate /= 2
        return None


def _refuse_misfits(sizes: Columns, measured: Sequence[Measured]) -> None:
    for margin in measured:
        there = set(margin.columns) <= set(range(len(sizes)))
        if not there or margin.counts.shape != tuple(sizes[i] for i in margin.columns):
            raise DataError(
                f"a margin over the columns {margin.columns} has the shape {margin.counts.shape}; "
                f"the table's columns have {sizes} values."
            )
        if tuple(sorted(set(margin.columns))) != margin.columns:
            raise DataError(f"a margin is over the columns {margin.columns}: name each once, rising.")


def pooled(measured: Sequence[Measured]) -> dict[Columns, tuple[Floats, float]]:
    """For each set of columns the weighted mean of its measurements, and their weight together."""
    sums: dict[Columns, tuple[Floats, float]] = {}
    for margin in measured:
        weight = 1 / margin.sigma**2
        counts, weights = sums.get(margin.columns, (np.zeros(1), 0.0))
        sums[margin.columns] = counts + weight * margin.counts, weights + weight
    return {columns: (counts / weight, weight) for columns, (counts, weight) in sums.items()}
