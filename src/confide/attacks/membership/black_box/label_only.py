"""Choquette-Choo, Tramèr, Carlini, Papernot: Label-Only Membership Inference Attacks (ICML 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from confide.attacks.membership.black_box._queries import need_classes
from confide.core.access import LabelOnly
from confide.core.arrays import Array, Batch, Rng
from confide.core.errors import KnowledgeError, ModelError
from confide.core.foreign import in_one_line
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

# The noise goes through these multiples of `strength`: the distance to the boundary is not known, and one
# strength alone would flip all answers or none.
STRENGTHS = (0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOnlyVotes:
    """Label-only attack: claims records whose class stays right when they are perturbed.

    The adversary sees winning classes and nothing else. It asks about each record once as it is, and
    `queries` times with noise. Values in two states are flipped, numbers get Gaussian noise in units of their
    column's standard deviation, and cells of a table are redrawn from their column. The share of right
    answers measures the distance to the decision boundary, which training pushes away from members.

    Score: 1 if the plain answer is right, plus the share of right answers under noise. Without noisy queries
    this is the "gap attack". Each target costs 1 + `queries` queries.

    Args:
        queries: noisy queries for each target.
        strength: medium noise: the standard deviation of numbers, the probability of a flip or a redraw.
    """

    name: ClassVar[str] = "label-only"
    title: ClassVar[str] = later("Does the right class survive when the record is shaken?")
    paper: ClassVar[Paper] = Paper(
        authors="Christopher A. Choquette-Choo and Florian Tramèr and Nicholas Carlini and Nicolas Papernot",
        title="Label-Only Membership Inference Attacks",
        venue="International Conference on Machine Learning (ICML)",
        year=2021,
        url="https://arxiv.org/abs/2007.14321",
    )

    queries: int = 32
    strength: float = 0.1

    def __call__(self, case: Case[LabelOnly, Background, Records], *, rng: Rng) -> Guess:
        need_classes(case, self.name)
        x, y = case.targets.x, case.targets.y
        if isinstance(x, pl.DataFrame) and x.dtypes == [pl.String()]:
            raise KnowledgeError(
                keep(
                    "{attack} shakes numbers and categories, and each record is one text: shaken, it would "
                    "be another record.",
                    attack=self.name,
                )
            )
        score = (case.view.labels(x) == y).astype(np.float64)
        for query in range(self.queries):
            strength = self.strength * STRENGTHS[query % len(STRENGTHS)]
            try:
                answers = case.view.labels(shaken(x, strength, rng=rng))
            except ModelError as error:
                # The model took the records as they are: codes of categories, say, take no noise.
                raise KnowledgeError(
                    keep(
                        "{attack} asks about shaken records, and the model refuses them ({error}): give the "
                        "records before they were encoded, with a model that encodes them.",
                        attack=self.name,
                        error=in_one_line(error),
                    )
                ) from error
            score += (answers == y) / self.queries
        return Guess(None, score)


def shaken(x: Batch, strength: float, *, rng: Rng) -> Batch:
    """A copy of each record with noise of this strength, of the same shape and types."""
    if isinstance(x, pl.DataFrame):
        return _redrawn(x, min(strength, 1.0), rng=rng)
    low, high = x.min(), x.max()  # outside the range of the data a model's answer is arbitrary
    if bool(((x == low) | (x == high)).all()):
        # Binary features: noise on a bit is a flip.
        flipped = rng.random(x.shape, dtype=np.float32) < min(strength, 1.0)
        return np.where(flipped, np.where(x == low, high, low), x).astype(x.dtype)
    deviation: Array = x.std(axis=0)
    # Single precision is enough for noise, and halves the memory of pictures.
    noisy = x + strength * deviation * rng.standard_normal(x.shape, dtype=np.float32)
    return np.clip(np.rint(noisy) if x.dtype.kind in "iu" else noisy, low, high).astype(x.dtype)


def _redrawn(x: pl.DataFrame, share: float, *, rng: Rng) -> pl.DataFrame:
    """Each cell replaced, with probability `share`, by a random record's value in that column."""
    columns: list[pl.Series] = []
    for column in x.get_columns():
        there = np.where(
            rng.random(x.height) < share, rng.integers(x.height, size=x.height), np.arange(x.height)
        )
        columns.append(column.gather(there))
    return pl.DataFrame(columns)
