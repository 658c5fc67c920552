"""Propensity of a synthetic file, beside that of a hold-out and of shuffled columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Rng
from confide.core.estimate import Measured
from confide.utility.table.propensity import propensity
from confide.views.table import Table

MOST_ROWS = 30_000
"""Rows of each file that are looked at; the regression holds an indicator for each value of each of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToldApart:
    """How well a model tells rows from the real ones, by the measures of `confide.utility.table.propensity`.

    Args:
        synthetic, shuffled, floor: of the synthetic file, of the real columns shuffled, and of the hold-out;
            the last is None without one.
    """

    synthetic: Measured
    shuffled: Measured
    floor: Measured | None


def told_apart(
    real: Table, synthetic: Table, hold_out: Table | None = None, *, rng: Rng, confidence: float = 0.95
) -> ToldApart:
    """Measure how well synthetic rows can be told from real ones, on up to 30,000 rows of each.

    Args:
        real: precise.
        synthetic, hold_out: of the same domains.
        rng: for the rows taken, the folds and the shuffle.
        confidence: of the intervals.

    Raises:
        DataError: if the files cannot be compared.
    """
    picker, mixer, *models = rng.spawn(5)
    files = [real, synthetic, *([] if hold_out is None else [hold_out])]
    # The same rows of files of equal length: a row and what was made of it stay beside each other.
    rows = {n: _some(n, rng=picker) for n in dict.fromkeys(len(file) for file in files)}
    ours, theirs, *held = (file.take(rows[len(file)]) for file in files)
    columns = [mixer.permutation(column)[: len(theirs)] for column in real.low.T]
    mixed = Table.of(real.domains, np.stack(columns, axis=1))
    found = [
        propensity(ours, other, rng=each, confidence=confidence)
        for other, each in zip((theirs, mixed, *held), models, strict=False)
    ]
    return ToldApart(synthetic=found[0], shuffled=found[1], floor=found[2] if held else None)


def _some(n: int, *, rng: Rng) -> Array:
    """Up to 30,000 of n rows, in their order."""
    return np.arange(n) if n <= MOST_ROWS else np.sort(rng.choice(n, MOST_ROWS, replace=False))
