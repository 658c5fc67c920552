"""Tables for the tests of synthesisers, and what an adversary reads off a release who knows the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.nouns import Rehearsal
from confide.mechanisms.synthesize.measured import counted
from confide.views.table import Domain, Table

ROWS = 10
"""Of the target, in one cell."""
SYNTHESISED = Budget(0.5, 0.05, Unit.person("who", at_most=ROWS))
"""A delta this large leaves a rho that 200 worlds can see: audits of a small one have no power."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(n: int = 2_000, sizes: tuple[int, ...] = (3, 4, 2, 5), seed: int = 0) -> Table:
    """Columns that depend on the first one."""
    draw = rng(seed)
    first = draw.integers(0, sizes[0], n)
    rest = [np.where(draw.random(n) < 0.7, first % s, draw.integers(0, s, n)) for s in sizes[1:]]
    domains = [Domain(f"c{i}", tuple(map(str, range(s)))) for i, s in enumerate(sizes)]
    return Table.of(domains, np.stack([first, *rest], axis=1))


def with_and_without(target: tuple[int, ...] = (2, 3, 1)) -> tuple[Table, Table]:
    """90 people of three columns, without and with a further one of ten rows."""
    without = table(90, (3, 4, 2), seed=5)
    codes = np.vstack([without.low, np.array([target] * ROWS)])
    return without, Table.of(without.domains, codes)


@dataclass(frozen=True)
class Shows:
    """A synthesiser of which the adversary sees everything that is public: the view is the release."""

    inner: Any

    @property
    def budget(self) -> Budget:
        return self.inner.budget

    def __call__(self, data: Table, *, rng: Rng) -> Any:
        release = self.inner(data, rng=rng)
        return Rehearsal(release, self.budget, release.maker)


def likelihood(without: Table, target: tuple[int, ...]) -> Any:
    """The log likelihood ratio of all measured margins, to one who knows everybody but the target."""

    def score(release: Any) -> float:
        total = 0.0
        for m in release.margins:
            exact = counted(without, m.columns)
            at = tuple(target[c] for c in m.columns)
            if m.merged is not None:
                exact = merged(exact, m.merged)
                at = tuple(int(to[v]) for to, v in zip(m.merged, at, strict=True))
            total += (float(m.counts[at]) - float(exact[at]) - ROWS / 2) / m.sigma**2
        return total

    return score


def merged(counts: Any, to: tuple[Any, ...]) -> Any:
    """Exact counts in merged codes."""
    places = np.meshgrid(*to, indexing="ij")
    sums = np.zeros([int(t.max()) + 1 for t in to])
    np.add.at(sums, tuple(places), counts)
    return sums
