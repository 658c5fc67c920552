"""Song, Mittal: Systematic Evaluation of Privacy Risks of Machine Learning Models (USENIX Security 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import log_softmax, logsumexp

from confide.attacks.membership.black_box._queries import need_classes, signal_of
from confide.core.access import BlackBox
from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

# The smallest entropy whose logarithm is taken: a perfectly sure model would give -inf.
SMALLEST = 1e-300


def certainty(outputs: Floats, y: Array) -> Floats:
    """-log of the modified entropy -(1 - p_y) ln p_y - sum over i != y of p_i ln(1 - p_i); float64[n].

    It is computed from logits [n, C]. There 1 - p of the winning class is a sum over the others, so it keeps
    its digits where p rounds to 1.

    >>> np.exp(-certainty(np.log([[0.7, 0.2, 0.1]]), np.array([0]))).round(4)
    array([0.1622])
    """
    z = np.asarray(outputs, np.float64)
    rows, top = np.arange(len(z)), z.argmax(axis=1)
    log_p: Floats = log_softmax(z, axis=1)
    others = log_p.copy()
    others[rows, top] = -np.inf
    rest = logsumexp(others, axis=1)  # log(1 - p) of the winner
    # Where p is near 1, its logarithm is taken from 1 - p.
    log_p[rows, top] = np.where(rest < -1, np.log1p(-np.exp(np.minimum(rest, -1))), log_p[rows, top])
    p = np.exp(log_p)
    # Out of the way: log1p(-1) of a sure class would be -inf.
    p[rows, top] = 0.0
    log_rest = np.log1p(-p)
    p[rows, top], log_rest[rows, top] = np.exp(log_p[rows, top]), rest
    terms = p * log_rest
    terms[rows, y] = np.exp(log_rest[rows, y]) * log_p[rows, y]
    return -np.log(np.maximum(-terms.sum(axis=1), SMALLEST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropy:
    """Modified entropy: claims records that the model predicts rightly and without doubt, class by class.

    The adversary looks at all scores, not only at the true class. Doubt spread over the other classes counts
    against membership, and certainty about a wrong class counts even more. Classes differ in difficulty. With
    reference models the adversary takes, for each class, the threshold that separates their members best from
    their non-members.

    Score: the class's threshold minus the log of the modified entropy. Without references, or if `per_class`
    is off, one threshold serves all.

    Args:
        per_class: calibrate each class on the reference models, where there are any.
    """

    name: ClassVar[str] = "entropy"
    title: ClassVar[str] = later("Is the model sure about this record, for its class?")
    paper: ClassVar[Paper] = Paper(
        authors="Liwei Song and Prateek Mittal",
        title="Systematic Evaluation of Privacy Risks of Machine Learning Models",
        venue="USENIX Security Symposium",
        year=2021,
        url="https://arxiv.org/abs/2003.10595",
    )

    per_class: bool = True

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        need_classes(case, self.name)
        score = signal_of(case.view, case.targets, certainty)
        references = case.known.references
        if not self.per_class or references is None or not len(references):
            return Guess(None, score)
        y = case.targets.y.astype(np.int64)
        levels = _levels(references.of_targets(certainty), references.included, y, case.known.classes)
        return Guess(None, score - levels[y])


def _levels(values: Floats, member: Bools, y: Ints, classes: int) -> Floats:
    """The best threshold of each class, float64[C]; one for all classes where a class lacks a side."""
    overall = _best_threshold(values.ravel(), member.ravel())
    levels = np.full(max(classes, int(y.max(initial=0)) + 1), 0.0 if np.isnan(overall) else overall)
    for c in np.unique(y):
        of_class = y == c
        level = _best_threshold(values[:, of_class].ravel(), member[:, of_class].ravel())
        levels[c] = levels[c] if np.isnan(level) else level
    return levels


def _best_threshold(values: Floats, member: Bools) -> float:
    """The value above which a claim has the largest TPR - FPR; NaN if there are not both sides."""
    finite = np.isfinite(values)
    values, member = values[finite], member[finite]
    if member.all() or not member.any():
        return float("nan")
    order = np.argsort(-values, kind="stable")
    values, member = values[order], member[order]
    gain = np.cumsum(member) / member.sum() - np.cumsum(~member) / (~member).sum()
    # A threshold cannot divide equal values, so only the last of each tie may be one.
    last_of_tie = np.append(values[1:] != values[:-1], True)
    best = int(np.argmax(np.where(last_of_tie, gain, -np.inf)))
    # Halfway to the next value, so that unseen scores fall on the right side.
    following = values[min(best + 1, len(values) - 1)]
    return float((values[best] + following) / 2)
