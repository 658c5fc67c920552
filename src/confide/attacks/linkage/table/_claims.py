"""Claims that single out: predicates with the number of people they are expected to hold for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.predicates import NOTHING, BitSets, Predicate, counted
from confide.views.table import Table

Codes: TypeAlias = NDArray[np.int32]
COHEN_NISSIM = Paper(
    authors="Aloni Cohen and Kobbi Nissim",
    title="Towards Formalizing the GDPR's Notion of Singling Out",
    venue="Proceedings of the National Academy of Sciences 117",
    year=2020,
    url="https://doi.org/10.1073/pnas.1914598117",
)


def rows_of(case: Case[Table, TableKnowledge, Ints]) -> Table:
    """The rows of the release, and of equal ones only one if they may all be about one person."""
    release = case.view
    if not case.known.repeats:
        return release
    ends = np.concatenate([release.low, release.high], axis=1)
    return release.take(np.sort(np.unique(ends, axis=0, return_index=True)[1]))


def guess_of(found: Sequence[tuple[Predicate, float]], asked: int) -> Guess:
    """The claims with the fewest expected matches first; no claim where fewer were found than are asked for.

    Score: 1 / (1 + expected matches), which is above 0; 0 where no claim is made.
    """
    best = sorted(found, key=lambda one: one[1])[:asked]
    value = np.full(asked, NOTHING, object)
    score = np.zeros(asked)
    for i, (predicate, expected) in enumerate(best):
        value[i], score[i] = predicate, 1 / (1 + expected)
    return Guess(value, score)


def one_by_one(release: Table, low: Codes, high: Codes, asked: int, *, rng: Rng) -> Guess:
    """Claims from rows in random order: ranges are added, column after column, up to where a row is alone.

    Args:
        low, high: int32[n, d], the range of each row in each column, which holds the row's own cell.
        asked: the number of claims; fewer where no more rows are alone in all their ranges.
    """
    bits, below = BitSets(release), shares(release)
    found: list[tuple[Predicate, float]] = []
    for row in rng.permutation(len(release)).tolist():
        ranges: list[tuple[int, int, int]] = []
        rows = bits.of(ranges)
        for column in rng.permutation(len(release.domains)).tolist():
            ranges.append((column, int(low[row, column]), int(high[row, column])))
            rows = np.bitwise_and(rows, bits.of(ranges[-1:]))
            if counted(rows) == 1:
                predicate = Predicate(tuple(sorted(ranges)))
                found.append((predicate, expected(predicate, below, len(release))))
                break
        if len(found) == asked:
            break
    return guess_of(found, asked)


def shares(release: Table) -> list[Floats]:
    """The share of the rows up to each code of each column, with ranges spread evenly.

    float64[m + 1] each, so that the mass of low..high is at high + 1 less at low.
    """
    found: list[Floats] = []
    for column, size in enumerate(release.sizes.tolist()):
        low, high = release.low[:, column].astype(np.int64), release.high[:, column].astype(np.int64)
        each = 1 / (high + 1 - low)
        steps = np.bincount(low, each, minlength=size + 1) - np.bincount(high + 1, each, minlength=size + 1)
        found.append(np.append(0.0, np.cumsum(np.cumsum(steps[:size]))) / max(len(release), 1))
    return found


def expected(predicate: Predicate, below: Sequence[Floats], people: int) -> float:
    """The matches among this many people, if columns were independent."""
    weight = 1 / predicate.one_in
    for column, low, high in predicate.ranges:
        weight *= below[column][high + 1] - below[column][low]
    return people * weight


def repeats(column: int, low: Ints, high: Ints, below: Sequence[Floats]) -> Floats:
    """The chance that two records in each range low..high of a column are equal there, float64 as `low`.

    >>> law = [np.array([0.0, 0.5, 0.75, 1.0])]
    >>> repeats(0, np.array([0, 2, 0]), np.array([2, 2, 1]), law).round(3).tolist()
    [0.375, 1.0, 0.556]
    """
    size = len(below[column])
    ends, which = np.unique(low * size + high, return_inverse=True)
    chance = np.ones(len(ends))
    for i, (first, last) in enumerate(zip((ends // size).tolist(), (ends % size).tolist(), strict=True)):
        if last > first:  # of a column with one value in the range, both have it
            law = np.diff(below[column][first : last + 2])
            chance[i] = (law**2).sum() / law.sum() ** 2
    return chance[which]
