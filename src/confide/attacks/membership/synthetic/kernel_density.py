"""van Breugel, Sun, Qian, van der Schaar: DOMIAS, membership inference by overfitting detection (2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.attacks.membership.synthetic._numbers import at_most, standardised
from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table

FLOOR = 1e-12
"""Added to both densities: where neither has rows, their ratio says nothing."""
VALUES = 50
"""Commonest values of a category that have an indicator: the others are too few to carry a component."""
CELLS = 1 << 22
"""Pairs of a target and a row looked at together: 16 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelDensity:
    """DOMIAS: is the density of synthetic rows at this person's row higher than that of people?

    A generator that overfits is denser near those it was given than the population is. The adversary
    estimates both densities with Gaussian kernels, that of the synthetic rows and that of the people whom it
    knows, and takes the logarithm of their ratio. Numbers are standardised, categories become indicators, and
    the principal components that carry most of both are kept. The width of the kernels is Scott's.

    It sees where a generator crowds. A single copy among many rows it smooths away.

    Args:
        components: the number of principal components that are kept.
        rows: of each table at most this many are used, drawn at random.
    """

    name: ClassVar[str] = "synthetic-kde"
    title: ClassVar[str] = later("Is the density of synthetic rows higher here than that of people?")
    paper: ClassVar[Paper] = Paper(
        authors="Boris van Breugel and Hao Sun and Zhaozhi Qian and Mihaela van der Schaar",
        title="Membership Inference Attacks against Synthetic Data through Overfitting Detection",
        venue="International Conference on Artificial Intelligence and Statistics (AISTATS)",
        year=2023,
        url="https://arxiv.org/abs/2302.12580",
    )

    components: int = 8
    rows: int = 20_000

    def __post_init__(self) -> None:
        if self.components < 1 or self.rows < 2:
            raise DataError(
                f"{self.components} components of {self.rows} rows: give 1 component and 2 rows or more."
            )

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        reference = at_most(case.known.need_reference(self.name), self.rows, rng=rng)
        synthetic = at_most(case.view, self.rows, rng=rng)
        if len(synthetic) < 2:
            return Guess(None, np.zeros(len(case.targets)))
        tables = [
            standardised(table, reference, values=VALUES) for table in (synthetic, reference, case.targets)
        ]
        rows, people, asked = principal(tables, self.components)
        return Guess(None, np.log(density(rows, asked) + FLOOR) - np.log(density(people, asked) + FLOOR))


def principal(tables: list[NDArray[np.float32]], components: int) -> list[NDArray[np.float32]]:
    """The leading principal components of the first two tables together, of variance 1, for all tables."""
    one, other = (table.astype(np.float64) for table in tables[:2])
    # Each of the two counts as much as the other, however many rows it has.
    mean: Floats = (one.mean(axis=0) + other.mean(axis=0)) / 2
    one, other = one - mean, other - mean
    spread = (one.T @ one / len(one) + other.T @ other / len(other)) / 2
    variance, axes = np.linalg.eigh(spread)
    kept = np.argsort(-variance)[:components]
    kept = kept[variance[kept] > 1e-9]
    turn = (axes[:, kept] / np.sqrt(variance[kept])).astype(np.float32)
    return [((table - mean).astype(np.float32) @ turn).astype(np.float32) for table in tables]


def density(rows: NDArray[np.float32], asked: NDArray[np.float32]) -> Floats:
    """The Gaussian kernel density of n rows at t places, float64[t].

    The width is Scott's for columns of variance 1: n^(-1 / (d + 4)).

    >>> one = np.zeros((1, 1), np.float32)
    >>> float(density(one, one).round(4)[0]), float(density(one, one + 2).round(4)[0])
    (0.3989, 0.054)
    """
    n, d = rows.shape
    width = n ** (-1 / (d + 4))
    rows, asked = rows / np.float32(width), asked / np.float32(width)
    norms, found = (rows**2).sum(axis=1), np.empty(len(asked))
    each = max(1, CELLS // n)
    for start in range(0, len(asked), each):
        block = asked[start : start + each]
        apart = block @ rows.T
        apart *= 2
        apart -= norms
        apart -= (block**2).sum(axis=1)[:, None]
        np.minimum(apart, 0, out=apart)  # rounding must not make a distance negative
        apart *= 0.5
        found[start : start + each] = np.exp(apart, out=apart).mean(axis=1, dtype=np.float64)
    return found / (width * np.sqrt(2 * np.pi)) ** d
