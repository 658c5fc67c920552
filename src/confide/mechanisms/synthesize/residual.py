"""Mullins et al.: Efficient and Private Marginal Reconstruction with Local Non-Negativity (NeurIPS 2024)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.mechanisms.synthesize.local_nonnegativity import nearest_nonnegative
from confide.mechanisms.synthesize.measured import Measured
from confide.mechanisms.synthesize.subsets import Columns, assembled, below, clipped, residual, spread

ANSWERS_ONLY = (
    "residual reconstruction answers margins only, as it fits no distribution of whole rows: ask it for "
    'margins, or synthesise with model="tree".'
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResidualModel:
    """Estimates margins from residuals: what each set of columns adds to the margins of its subsets.

    A margin is the sum, over all subsets t of its columns, of the residual of t, spread evenly over the other
    columns. The residual of t is its margin, centred along each axis. Residuals of different sets are
    orthogonal, so each is estimated by itself, and one that was not measured counts as 0: nothing is known
    beyond independence of that order. No pass over the product of all columns is needed, however many there
    are.

    Margins of different sets agree where they overlap, unless cells were clipped at 0 (`nonnegative`).

    Args:
        sizes: the number of values of each column.
        residuals: of each set of columns: float64, one axis a column, each axis of sum 0. That of no column
            is the number of rows.
        precision: of each residual that was measured: one over the variance of the noise, as if it were
            independent in each cell before it was centred. Infinite where a residual is known.
        nonnegative: whether cells below 0 become 0, and what they held is taken from the others.
    """

    sizes: tuple[int, ...]
    residuals: Mapping[Columns, Floats]
    precision: Mapping[Columns, float]
    nonnegative: bool = False

    @property
    def total(self) -> float:
        """How many rows it stands for."""
        return float(self.residuals[()])

    def margin(self, columns: Columns) -> Floats:
        """The estimated rows in each cell of these columns, given in rising order: one axis a column."""
        found = assembled(self.sizes, columns, self.residuals)
        return clipped(found, self.total) if self.nonnegative else found

    def rows(self, n: int, *, rng: Rng) -> NDArray[np.int32]:
        """Refused: there is no distribution to draw rows from.

        Raises:
            DataError: always.
        """
        raise DataError(ANSWERS_ONLY)

    def deviation(self, columns: Columns) -> float:
        """The deviation of the noise in each cell of a margin; infinite if a part of it was not measured.

        It is that of `margin` without `nonnegative`, the best unbiased estimate from all measurements.
        """
        return math.sqrt(sum(self._variance(part, columns) for part in below(columns)))

    def _variance(self, part: Columns, columns: Columns) -> float:
        if part not in self.precision:
            # A column of one value adds nothing that could be unknown.
            return 0.0 if any(self.sizes[c] == 1 for c in part) else math.inf
        centred = math.prod(1 - 1 / self.sizes[c] for c in part)
        return centred / self.precision[part] / spread(self.sizes, part, columns) ** 2


def reconstruct(
    sizes: Sequence[int],
    measured: Iterable[Measured],
    *,
    total: float | None = None,
    nonnegative: bool = False,
    workload: Iterable[Columns] = (),
    steps: int = 200,
) -> ResidualModel:
    """Reconstruct margins by residuals (GReM-MLE): the generalised least-squares estimate, in closed form.

    Each residual is estimated by inverse-variance weighting over all measured margins that contain its
    columns. From a margin of independent noise of deviation s, the residual has noise of variance s^2 times
    the number of cells that are summed up for it.

    Args:
        sizes: the number of values of each column.
        measured: margins with noise; several of the same columns are combined.
        total: the number of rows, where it is public; estimated from the margins otherwise.
        nonnegative: look for the nearest margins without a cell below 0 (local non-negativity), in the norm
            of the noise, over all measured margins and the workload.
        workload: further sets of columns that must have no cell below 0.
        steps: of the search.

    Raises:
        DataError: if nothing was measured, or a margin has another shape than its columns.

    >>> one = Measured(columns=(0,), counts=np.array([6.0, 4.0]), sigma=1.0, rho=0.5)
    >>> two = Measured(columns=(1,), counts=np.array([5.0, 5.0]), sigma=1.0, rho=0.5)
    >>> reconstruct((2, 2), [one, two]).margin((0, 1)).tolist()
    [[3.0, 3.0], [2.0, 2.0]]
    """
    sums: dict[Columns, Floats] = {}
    precision: dict[Columns, float] = {}
    kept = list(measured)
    for margin in kept:
        _check(sizes, margin)
        for part in below(margin.columns):
            weight = 1 / (margin.sigma**2 * spread(sizes, part, margin.columns))
            sums[part] = sums.get(part, 0.0) + weight * residual(margin.counts, margin.columns, part)
            precision[part] = precision.get(part, 0.0) + weight
    residuals = {part: np.asarray(value / precision[part]) for part, value in sums.items()}
    if total is not None:
        residuals[()], precision[()] = np.asarray(float(total)), math.inf
    if not residuals:
        raise DataError("nothing was measured, so that nothing can be reconstructed: give a margin.")
    if nonnegative:
        sets = sorted({margin.columns for margin in kept} | set(workload))
        residuals = nearest_nonnegative(tuple(sizes), residuals, precision, sets, steps=steps)
    return ResidualModel(
        sizes=tuple(sizes), residuals=residuals, precision=precision, nonnegative=nonnegative
    )


def _check(sizes: Sequence[int], margin: Measured) -> None:
    shape = tuple(int(sizes[c]) for c in margin.columns)
    if margin.counts.shape != shape:
        raise DataError(
            f"a margin of the columns {margin.columns} has the shape {margin.counts.shape}: give {shape}."
        )
