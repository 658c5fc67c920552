"""Kim: A Method for Limiting Disclosure in Microdata Based on Random Noise and Transformation (ASA 1986)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian
from confide.mechanisms.noise.lattice import on_grid, step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.randomize.bounds import noisy, numbers_of
from confide.mechanisms.randomize.columns import replaced
from confide.views.table import Table

FINE = 1 << 20
"""The deviation of the whole numbers that noise is mixed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelatedNoise:
    """Adds normal noise with covariance alpha Cov(X) to columns of numbers: correlations stay as they are.

    Means stay as they are in the mean, and the covariance grows by the factor 1 + alpha, which `covariance`
    takes back. There is no promise: noise of a tenth of a deviation leaves outliers where they stand, and its
    size follows from everybody's numbers.

    Args:
        columns: their names.
        alpha: the variance of the noise as a share of that of the numbers.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting is refused.
    """

    columns: tuple[str, ...]
    alpha: float = 0.1
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not self.columns or len(set(self.columns)) < len(self.columns):
            raise PromiseError("noise needs columns, each once: name them.")
        if not 0 < self.alpha < math.inf:
            raise PromiseError(f"alpha is {self.alpha}: give a finite number above 0, such as 0.1.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with noise on these columns.

        Raises:
            DataError: if a column is missing, holds no numbers, ranges or missing values, or there are fewer
                than two rows.
        """
        x = complete_numbers(data, self.columns)
        if len(x) < 2:
            raise DataError(f"a table of {len(x)} rows has no covariance: give two rows or more.")
        drawn = discrete_gaussian(x.size, sigma=FINE, words=words_of(self.noise, rng)).reshape(x.shape) / FINE
        moves = drawn @ _root(self.alpha * np.atleast_2d(np.cov(x, rowvar=False)))
        view = data
        for column, numbers, move in zip(self.columns, x.T, moves.T, strict=True):
            deviation = float(np.std(numbers)) * math.sqrt(self.alpha)
            if not deviation:
                continue  # numbers that are all the same get no noise
            step = step_for(deviation)
            steps = on_grid(numbers, step) + on_grid(move, step)
            view = replaced(view, column, [noisy(column, steps, step)])
        return outcome(self.noise, view, None, "CorrelatedNoise")

    def covariance(self, released: Table) -> Floats:
        """The covariance of the original's columns, float64[d, d], estimated without bias from a release."""
        x = complete_numbers(released, self.columns)
        return np.atleast_2d(np.cov(x, rowvar=False)) / (1 + self.alpha)


def complete_numbers(table: Table, columns: tuple[str, ...]) -> Floats:
    """The numbers of columns without missing values, float64[n, d].

    Raises:
        DataError: if a column is missing, or holds no numbers, ranges or missing values.
    """
    x = np.column_stack([numbers_of(table, column) for column in columns])
    for column, missing in zip(columns, np.isnan(x).sum(0), strict=True):
        if missing:
            raise DataError(
                f"column {column!r} has {int(missing):,} missing values: fill them in, or leave out the rows."
            )
    return x


def _root(covariance: Floats) -> Floats:
    """The symmetric root: it exists where columns depend on each other too."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
