"""Cases: attacks on synthetic data, without the generator."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.membership.synthetic import FILES, RELATIVE
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.games.membership.synthetic import Synthesis
from confide.mechanisms.anchors.published import Published
from confide.views.table import Domain, Table

GROUP = 150


@cache
def people() -> Table:
    """Categories that go with each other, one with a long tail, and two numbers: few rows are there twice."""
    draw = rng(3)
    n, sizes = 900, (4, 6, 12, 3)
    codes = np.floor(draw.random((n, 6)) ** 1.5 * [*sizes, 60, 60]).astype(np.int64)
    codes[:, 1] = np.minimum(codes[:, 0] + draw.integers(0, 3, n), sizes[1] - 1)
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes)]
    domains += [Domain(f"n{i}", tuple(map(str, range(60))), np.arange(60.0)) for i in range(2)]
    return Table.of(domains, codes)


class OfOthers:
    """Rows of other people, drawn again each time: they depend on nobody in the group, nor on its size."""

    budget = Budget(0.0)

    def __call__(self, data: Table, *, rng: np.random.Generator) -> Release[Table]:
        rows = rng.integers(600, 750, GROUP)
        return Release(people().take(rows), self.budget, "OfOthers")


class Redrawn:
    """A bootstrap: as many of the rows as there are, drawn with replacement."""

    budget = None

    def __call__(self, data: Table, *, rng: np.random.Generator) -> Release[Table]:
        return Release(data.take(rng.integers(0, len(data), len(data))), None, "Redrawn")


def game(generator: Any, *, known: bool = True, **settings: Any) -> Synthesis:
    reference = people().take(np.arange(750, 900)) if known else None
    given: dict[str, Any] = {"group": GROUP, "targets": 200} | settings
    return Synthesis(people=people().take(np.arange(600)), generator=generator, reference=reference, **given)


def case(attack: Any) -> AttackCase:
    unknown = Lacks(partial(game, Published(), known=False), "2 rows of other people or more, and knows 0")
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, OfOthers()), 4),
        naked=Sitting(partial(game, Published(), group=20, targets=30), 8),  # about twenty rows, as they are
        reaches=REACHES.get(attack.name, 0.97),
        leaky=Sitting(partial(game, Redrawn()), 4),
        null=permuted_exposure,
        small=Sitting(partial(game, Redrawn(), targets=40), 2),
        judge=ByScore(),
        lacks=(unknown,) if type(attack) in RELATIVE else (),
    )


REACHES = {"synthetic-kde": 0.9, "synthetic-trees": 0.9}
"""Of the naked release, where it is less than .97: these look at densities and not at single rows."""

CASES = tuple(case(attack()) for attack in FILES)
