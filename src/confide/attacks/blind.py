"""Das, Zhang, Tramèr: Blind Baselines Beat Membership Inference Attacks for Foundation Models (2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.features import Features
from confide.core.arrays import Bools, Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import SupervisedBackground
from confide.views.records import Records

# More numbers than this are projected: with few known targets a wider regression learns them by heart.
WIDEST = 300
# From fewer known members or non-members two classifiers learn noise.
FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """Blind baseline: tells members from non-members without looking at the release.

    The adversary knows the membership of some targets, learns what sets their records apart, and guesses the
    others. If it succeeds, exposed and control people differ already before any model is trained: by their
    dates, their source or their mix of classes. Then no attack's success says anything about the model,
    because the comparison itself is broken.

    Score: the mean log-odds of two classifiers, logistic regression and boosted trees, which are trained on
    the known targets. These targets are left out of the evidence.
    """

    name: ClassVar[str] = "blind"
    title: ClassVar[str] = later("Can members be told apart without the release?")
    paper: ClassVar[Paper] = Paper(
        authors="Debeshee Das and Jie Zhang and Florian Tramèr",
        title="Blind Baselines Beat Membership Inference Attacks for Foundation Models",
        venue="arXiv:2406.16201",
        year=2024,
        url="https://arxiv.org/abs/2406.16201",
    )

    def __call__(self, case: Case[object, SupervisedBackground, Records], *, rng: Rng) -> Guess:
        told = case.known.told if isinstance(case.known, SupervisedBackground) else np.empty(0, np.int64)
        member = case.known.member if len(told) else np.empty(0, np.bool_)
        fewest = min(int(member.sum()), int((~member).sum()))
        if fewest < FEWEST:
            raise KnowledgeError(
                keep(
                    "blind needs {fewest:d} known members and as many known non-members, and has {n:d} of "
                    "one kind: give more targets, or let it know more of them.",
                    fewest=FEWEST,
                    n=int(fewest),
                )
            )
        describe = Features.of(case.targets, classes=case.known.classes, widest=WIDEST, rng=rng)
        x = describe(case.targets)
        score = np.full(len(case.targets), np.nan)
        other = np.ones(len(score), np.bool_)
        other[told] = False
        score[other] = _log_odds(x[told], member, x[other], rng=rng)
        return Guess(None, score)


def _log_odds(x: Floats, member: Bools, x_other: Floats, *, rng: Rng) -> Floats:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # A strong penalty: differences that a hold-out shows are broad, and few targets are known.
    line = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1_000))
    trees = HistGradientBoostingClassifier(max_iter=40, random_state=int(rng.integers(2**31)))
    return np.mean([m.fit(x, member).decision_function(x_other) for m in (line, trees)], axis=0)
