"""Taub, Elliot, Pampaka, Smith: Differential Correct Attribution Probability (PSD 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.attribute.table._classes import Classes, most_voted
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectAttribution:
    """Correct attribution probability: the secret of the records that match a person in all known columns.

    The adversary looks for the records that match what it knows, and claims the value that most of them hold.
    A cell that is a range matches every value in it. Such a record counts less, one over the combinations of
    values that it may stand for: of two records that match, the more exact one is likelier to be theirs.
    Where no record matches, it claims the commonest value of the release. Score: the share of the matching
    records that hold the value.

    Source: Elliot 2014 for the probability; Taub, Elliot, Pampaka, Smith 2018, section 2. There a record
    without a match is left out or counts as wrong.
    """

    name: ClassVar[str] = "correct-attribution"
    title: ClassVar[str] = later("What do the records say that match a person in all known columns?")
    paper: ClassVar[Paper] = Paper(
        authors="Jennifer Taub and Mark Elliot and Maria Pampaka and Duncan Smith",
        title="Differential Correct Attribution Probability for Synthetic Data: An Exploration",
        venue="Privacy in Statistical Databases (PSD)",
        year=2018,
        url="https://doi.org/10.1007/978-3-319-99771-1_9",
    )

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        classes = Classes.of(case)
        value, score = np.empty(len(case.targets), np.int64), np.empty(len(case.targets))
        likely, shares = classes.likely, classes.shares
        for block, holds in classes.holding():
            votes = (holds * likely) @ classes.votes
            value[block], score[block] = most_voted(votes.toarray(), shares)
        return Guess(value, score)
