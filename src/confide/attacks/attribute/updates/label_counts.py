"""Jayaraman, Evans: Are Attribute Inference Attacks Just Imputation? (CCS 2022), for batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.properties import KnownProperty


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCounts:
    """Blind baseline of property inference: weighs how many records of each class a batch has.

    It never sees an update. It knows the counts of classes behind each, as parties often tell them, and from
    people of its own how classes go with the property. What an attack finds no more often than this follows
    from the counts, and from no gradient.

    Score: the logarithm of how much likelier the counts are with the property, if every record's class were
    drawn by itself from the mix of the batch.
    """

    name: ClassVar[str] = "label-counts"
    title: ClassVar[str] = later("Which batches have the property, by their labels alone?")
    paper: ClassVar[Paper] = Paper(
        authors="Bargav Jayaraman and David Evans",
        title="Are Attribute Inference Attacks Just Imputation?",
        venue="ACM Conference on Computer and Communications Security (CCS)",
        year=2022,
        url="https://doi.org/10.1145/3548606.3560663",
    )

    def __call__(self, case: Case[object, KnownProperty, Ints], *, rng: Rng) -> Guess:
        people, has = case.known.need_people(self.name)
        makes, classes = case.known.makes, case.targets.shape[1]
        with_it, without, anybody = (
            shares(people.y, side, classes) for side in (has, ~has, np.ones_like(has))
        )
        others = makes.beside * anybody
        present = makes.part * with_it + (1 - makes.part) * without + others
        absent = without + others
        return Guess(None, case.targets.astype(np.float64) @ (np.log(present) - np.log(absent)))


def shares(labels: Ints, side: Bools, classes: int) -> Floats:
    """The share of each class on this side, float64[classes]; each class counts once more.

    Labels beyond the classes that were asked about stand for none of them.

    >>> shares(np.array([0, 1, 1]), np.array([True, False, True]), 2).tolist()
    [0.5, 0.5]
    """
    count = np.bincount(labels[side], minlength=classes)[:classes] + 1.0
    return count / count.sum()
