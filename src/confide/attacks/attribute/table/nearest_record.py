"""Giomi, Boenisch, Wehmeyer, Tasnádi: A Unified Framework for Quantifying Privacy Risk (PETS 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.attribute.table._classes import Classes, most_voted
from confide.attacks.attribute.table._nearest import nearest
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestRecord:
    """Inference from the nearest record: the secret of the records that differ least from what is known.

    The distance is the mean over the known columns: 0 or 1 for a category, the difference over the range of
    all values for a number, and for a range of values the mean of the distances to each of them. The
    adversary claims the value that most of the nearest records hold. So a wrong cell among the facts, or a
    record that is not there, costs little. Score: the share of the nearest records with this value, over
    1 + their distance in columns.

    Source: Giomi, Boenisch, Wehmeyer, Tasnádi 2023, section 4.3; the distance is Gower's (1971).
    """

    name: ClassVar[str] = "nearest-record"
    title: ClassVar[str] = later("What do the records say that are most like a person?")
    paper: ClassVar[Paper] = Paper(
        authors="Matteo Giomi and Franziska Boenisch and Christoph Wehmeyer and Borbála Tasnádi",
        title="A Unified Framework for Quantifying Privacy Risk in Synthetic Data",
        venue="Proceedings on Privacy Enhancing Technologies (PoPETs) 2023(2)",
        year=2023,
        url="https://doi.org/10.56553/popets-2023-0055",
    )

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        classes = Classes.of(case)
        value, score = np.empty(len(case.targets), np.int64), np.empty(len(case.targets))
        shares, columns = classes.shares, len(classes.domains)
        for block, target, near, least in nearest(classes):
            votes = np.zeros((len(least), classes.votes.shape[1]))
            np.add.at(votes, target, classes.votes[near].toarray())
            value[block], share = most_voted(votes, shares)
            score[block] = share / (1 + columns * least)
        return Guess(value, score)
