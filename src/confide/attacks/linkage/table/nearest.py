"""Gower: A General Coefficient of Similarity (Biometrics 1971), the distance of record linkage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._cells import Cells, Sums
from confide.core.arrays import Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Domain, Table
from confide.views.table_nearest import Packed, scaled, spreads


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Nearest record: names the released row that differs least from what is known about a person.

    A category that differs counts 1. A number counts the difference in standard deviations of its column, at
    most 1: Gower's share of the range makes numbers count for little beside categories. A cell that is a
    range counts the mean over its values, so that a row does not come near by saying nothing.
    The adversary weighs all columns equally, and does not ask how rare a value is. Score: how much farther
    away the next row is. What `FellegiSunter` finds beyond this comes from the rarity of values.
    """

    name: ClassVar[str] = "nearest"
    title: ClassVar[str] = later("Which row of the table differs least from the known facts?")
    paper: ClassVar[Paper] = Paper(
        authors="J. C. Gower",
        title="A General Coefficient of Similarity and Some of Its Properties",
        venue="Biometrics 27",
        year=1971,
        url="https://doi.org/10.2307/2528823",
    )

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        release, facts = case.view.only(case.targets.names), case.targets
        if not len(release):
            return Guess(np.full(len(facts), -1), np.zeros(len(facts)))
        if release.precise:
            rows, apart = Packed.of(release).nearest(facts, count=2)
            return Guess(rows[:, 0], apart[:, -1] - apart[:, 0])
        claim, margin = _among_ranges(release, facts)
        return Guess(claim, margin)


def _among_ranges(release: Table, facts: Table) -> tuple[Ints, Floats]:
    """The nearest row of each target, and how much farther away the next one is."""
    cells, unit = Cells.of(release), spreads(release)

    def apart(column: int, fact: int) -> Floats:
        below = np.append(0.0, np.cumsum(distances(facts.domains[column], fact, unit[column])))
        low, high = cells.low[column], cells.high[column]
        return (below[high + 1] - below[low]) / (high + 1 - low)

    sums = Sums(cells, apart)
    claim, margin = np.empty(len(facts), np.int64), np.zeros(len(facts))
    for i, fact in enumerate(facts.low):
        total = sums.of(fact)
        best = int(total.argmin())
        claim[i] = cells.first[best]
        # Where another row is like it, the next row is no farther away.
        if cells.count[best] == 1 and len(total) > 1:
            nearest, total[best] = total[best], np.inf
            margin[i] = total.min() - nearest
    return claim, margin


def distances(domain: Domain, code: int, unit: float) -> Floats:
    """How far each value of a domain is from one of them, float64[m], from 0 to 1; numbers in a unit.

    >>> age = Domain("age", ("30", "35", "40", ""), np.array([30.0, 35.0, 40.0, np.nan]))
    >>> distances(age, 1, 10.0).tolist()
    [0.5, 0.0, 0.5, 1.0]
    """
    if domain.numbers is None:
        return (np.arange(len(domain)) != code).astype(np.float64)
    place = scaled(domain.numbers, unit)
    return np.minimum(np.abs(place - place[code]), 1.0)
