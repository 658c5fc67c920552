"""Shokri, Stronati, Song, Shmatikov: Membership Inference Attacks Against ML Models (S&P 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from scipy.special import log_softmax

from confide.attacks.membership.black_box._queries import need_classes
from confide.core.access import BlackBox
from confide.core.arrays import Array, Bools, Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# Answers on each side that a class needs to have a classifier of its own.
ENOUGH = 20
# The smallest log-score: single precision gives -inf for a score that rounds to 0.
LEAST = -100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Shadow models: claims records whose answers look like those that shadow models give to their members.

    This was the first membership inference attack. The adversary trains shadow models that imitate the target
    and asks each about records it saw and records it did not. A classifier for each class learns the
    difference from the vector of scores. It does not know how hard each single record is. So it rediscovers
    the loss attack, with its weakness at low false-positive rates.

    Here the classifier is a logistic regression on log-scores. Score: its decision value for the record's
    class; classes with fewer than 20 answers on a side share one classifier.

    Args:
        vector: the true class's score, then the largest others in falling order ("sorted"), or all scores in
            class order ("raw").
        keep: how many of the others "sorted" keeps.
        answers: the largest number of shadow models' answers to learn from, drawn at random.
    """

    name: ClassVar[str] = "shadow"
    title: ClassVar[str] = later("Do the scores look like those that shadow models give their own members?")
    paper: ClassVar[Paper] = Paper(
        authors="Reza Shokri and Marco Stronati and Congzheng Song and Vitaly Shmatikov",
        title="Membership Inference Attacks Against Machine Learning Models",
        venue="IEEE Symposium on Security and Privacy",
        year=2017,
        url="https://arxiv.org/abs/1610.05820",
    )

    vector: Literal["sorted", "raw"] = "sorted"
    keep: int = 5
    answers: int = 100_000

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        need_classes(case, self.name)
        references = case.known.need_references(self.name)
        y, n = case.targets.y, len(case.targets)
        # A random share of each model's answers bounds the training set of the classifiers.
        share = min(1.0, self.answers / (n * len(references)))
        drawn = [rng.random(n) < share for _ in references.which]
        seen = [
            self._vector(references.on_targets.outputs(model)[rows], y[rows])
            for model, rows in zip(references.which, drawn, strict=True)
        ]
        labels = [y[rows] for rows in drawn]
        member = [included[rows] for included, rows in zip(references.included, drawn, strict=True)]
        shadows = (np.concatenate(seen), np.concatenate(labels), np.concatenate(member))
        own = self._vector(np.asarray(case.view.predict(case.targets.x), np.float64), y)
        return Guess(None, _by_class(shadows, own, y, self.name))

    def _vector(self, outputs: Floats, y: Array) -> Floats:
        """What the classifier sees of each answer: float64[n, f]."""
        log_p = np.maximum(log_softmax(np.asarray(outputs, np.float64), axis=1), LEAST)
        if self.vector == "raw":
            return log_p
        rows = np.arange(len(y))
        own = log_p[rows, y]
        log_p[rows, y] = -np.inf
        others = min(self.keep, log_p.shape[1] - 1)
        top = -np.sort(-np.partition(log_p, -others, axis=1)[:, -others:], axis=1)
        return np.column_stack([own, top])


def _by_class(shadows: tuple[Floats, Array, Bools], own: Floats, y: Array, name: str) -> Floats:
    x, labels, member = shadows
    if member.all() or not member.any():
        raise KnowledgeError(
            keep(
                "{attack} needs shadow models with known members and non-members among the targets: train "
                "the references on random halves of them.",
                attack=name,
            )
        )
    # A model that answers NaN cannot be learned from, and such a target gets no score.
    told = np.isfinite(x).all(axis=1)
    x, labels, member = x[told], labels[told], member[told]
    score, clear = np.full(len(own), np.nan), np.isfinite(own).all(axis=1)
    shared: Pipeline | None = None
    for c in np.unique(y):
        rows, here = labels == c, (y == c) & clear
        if not here.any():
            continue
        if min((member & rows).sum(), (~member & rows).sum()) >= ENOUGH:
            classifier = _fit(x[rows], member[rows])
        else:
            # Fitted once, by the first class that needs it.
            classifier = shared = shared or _fit(x, member)
        score[here] = classifier.decision_function(own[here])
    return score


def _fit(x: Floats, member: Bools) -> Pipeline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000)).fit(x, member)
