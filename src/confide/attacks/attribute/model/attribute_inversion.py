"""Fredrikson, Lantz, Jha, Lin, Page, Ristenpart: Privacy in Pharmacogenetics (USENIX Security 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.attribute.model._claims import claimed
from confide.core.access import LabelOnly
from confide.core.arrays import Array, Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.inferring import InferringKnowledge
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeInversion:
    """Attribute inversion: asks the model about each value of the secret, and takes the one that fits best.

    The adversary knows all features of a person but one, and what the model should say of them. For each
    value v of the secret it asks what the model says, y' = f(x with v), and scores

        P(v) * P(y | y'),

    where P(v) is the share of the value among other people, and P(y | y') says how often the label is y where
    the model says y': its confusion matrix on these people. It takes the largest. The paper's product over
    the known features is the same for each value, since here all of them are known.

    Most of what it gets right may be true of everybody: the gain over `imputation`, which knows the same and
    no model, is what the model adds, and the gain of members over others is what their own records add.

    Score: the log-odds of the value that is claimed.
    """

    name: ClassVar[str] = "attribute-inversion"
    title: ClassVar[str] = later(
        "Which value of the unknown feature makes the model say what is true of the person?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Matthew Fredrikson and Eric Lantz and Somesh Jha and Simon Lin and David Page and "
        "Thomas Ristenpart",
        title="Privacy in Pharmacogenetics: An End-to-End Case Study of Personalized Warfarin Dosing",
        venue="USENIX Security Symposium",
        year=2014,
        url="https://www.usenix.org/conference/usenixsecurity14/technical-sessions/presentation/fredrikson_matthew",
    )

    def __call__(self, case: Case[LabelOnly, InferringKnowledge, Records], *, rng: Rng) -> Guess:
        known, targets = case.known, case.targets
        others = known.need_population(self.name)
        values = len(known.values)
        # One of each value and class is added, so that what was never seen is rare and not impossible.
        prior = np.log((np.bincount(known.codes(others.x), minlength=values) + 1) / (len(others) + values))
        said = np.stack([case.view.labels(known.with_value(targets.x, v)) for v in known.values])
        classes = int(max(said.max(), others.y.max(), targets.y.max())) + 1
        confused = np.log(confusion(case.view.labels(others.x), others.y, classes))
        return claimed(prior[None] + confused[said, targets.y[None]].T)


def confusion(said: Array, true: Array, classes: int) -> Floats:
    """P(label | what the model says), float64[C, C]: a row for each thing the model can say.

    Each label counts once more. A class that the model never named is taken to be right where it is named.
    """
    count = np.ones((classes, classes))
    np.add.at(count, (said, true), 1.0)
    never = np.flatnonzero(np.bincount(said, minlength=classes) == 0)
    # As sure as the rest together, and more: nothing speaks against it yet.
    count[never, never] += 9 * classes
    return count / count.sum(axis=1, keepdims=True)
