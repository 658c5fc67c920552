"""Jayaraman, Evans: Are Attribute Inference Attacks Just Imputation? (CCS 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from confide.attacks.attribute.model._claims import claimed
from confide.core.arrays import Batch, Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.inferring import InferringKnowledge
from confide.learners.encoding import fit_encoding
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputation:
    """Imputation: learns from other people how the secret goes with the rest, and never asks the model.

    The baseline of every attack on an attribute. It knows what the adversary knows of the target, the label
    included, and other people whose secret is known; boosted trees learn the rest. What an attack with the
    model gets right no more often than this is knowledge of the population, and no leak of the model.

    Score: the log-odds of the value that is claimed.

    Args:
        rounds: the number of boosting rounds.
    """

    name: ClassVar[str] = "imputation"
    title: ClassVar[str] = later("What can be guessed of the unknown feature without the model?")
    paper: ClassVar[Paper] = Paper(
        authors="Bargav Jayaraman and David Evans",
        title="Are Attribute Inference Attacks Just Imputation?",
        venue="ACM Conference on Computer and Communications Security (CCS)",
        year=2022,
        url="https://doi.org/10.1145/3548606.3560663",
    )

    rounds: int = 40

    def __call__(self, case: Case[object, InferringKnowledge, Records], *, rng: Rng) -> Guess:
        from sklearn.ensemble import HistGradientBoostingClassifier

        known, targets = case.known, case.targets
        others = known.need_population(self.name)
        secret = known.codes(others.x)
        if len(np.unique(secret)) < 2:
            raise KnowledgeError(
                keep(
                    "{attack} learns from people with several values of the secret, and all others have "
                    "one: give a larger population.",
                    attack=self.name,
                )
            )
        encode = fit_encoding(_without(known, others.x))

        def features(records: Records) -> Floats:
            table = np.asarray(encode(_without(known, records.x)), np.float64)
            return np.column_stack([table, records.y])

        trees = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=int(rng.integers(2**31)),
        )
        trees.fit(features(others), secret)
        weight = np.full((len(targets), len(known.values)), -50.0)  # a value that nobody else has
        weight[:, np.asarray(trees.classes_, np.int64)] = np.log(
            np.maximum(trees.predict_proba(features(targets)), 1e-20)
        )
        return claimed(weight)


def _without(known: InferringKnowledge, x: Batch) -> Batch:
    """The features without the secret."""
    if isinstance(x, pl.DataFrame):
        return x.drop(str(known.secret))
    return np.delete(x, int(known.secret), axis=1)
