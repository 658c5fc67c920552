"""Sankararaman, Obozinski, Jordan, Halperin: Genomic privacy and limits of individual detection (2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.counts import Counted
from confide.views.counts import Counts
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsLR:
    """Likelihood-ratio tracing from counts: how many times likelier are these counts with the target in them?

    The adversary takes the visits of others as independent, with the shares of the people it knows, and adds
    up the logarithms of the ratios of the counts' chances with and without the target. It trains nothing. A
    visit to a cell where few people are says more than one to a cell where many are.

    With p the share of the known people who were in a (cell, bin), m the size of the group and A the count,
    the ratio of the binomial chances is `A / (m p)` where the target was, and `(m - A) / (m (1 - p))` where
    not. A visit that was made is counted with a chance c, so the first is `1 - c + c A / (m p)`.

    Args:
        counted: c, the chance that a visit of a member is counted.
    """

    name: ClassVar[str] = "counts-lr"
    title: ClassVar[str] = later("Are these counts likelier with this person in them?")
    paper: ClassVar[Paper] = Paper(
        authors="Sriram Sankararaman and Guillaume Obozinski and Michael I. Jordan and Eran Halperin",
        title="Genomic privacy and limits of individual detection in a pool",
        venue="Nature Genetics 41",
        year=2009,
        url="https://doi.org/10.1038/ng.436",
    )

    counted: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.counted < 1:
            raise DataError(f"counted is {self.counted}: give a chance above 0 and below 1.")

    def __call__(self, case: Case[Counts, Counted, Traces], *, rng: Rng) -> Guess:
        grid, people = case.view.grid, case.known.need_people(self.name)
        half, missed = 1 / (2 * people.people), 1 - self.counted
        # Half a person off 0 and 1: where nobody known was, somebody else can be.
        p = np.clip(grid.total(people) / people.people, half, 1 - half)
        # Noise moves a share out of [0, 1].
        share = np.clip(case.view.counts.ravel() / case.known.group, 0, 1)
        was = np.log(missed + self.counted * share / p)
        was_not = np.log(missed + self.counted * (1 - share) / (1 - p))
        own = grid.presence(case.targets)
        return Guess(None, own @ was + (1 - own) @ was_not)
