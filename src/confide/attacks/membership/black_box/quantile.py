"""Bertran, Tang, Kearns, Morgenstern, Roth, Wu: Scalable MIA via Quantile Regression (NeurIPS 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from confide.attacks.features import Features
from confide.attacks.membership.black_box._queries import signal_of
from confide.core.access import BlackBox
from confide.core.arrays import Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import settle, true_logit
from confide.views.records import Records

# More features are projected to this many, so that the Gram matrix of the regression stays small.
WIDEST = 1_000
# Fewer records cannot fit a mean and a deviation that depend on the features.
FEWEST = 50
# The penalties that are tried, for features of any scale.
PENALTIES = np.geomspace(1e-3, 1e5, 17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """Quantile regression: claims records that get a better answer than other people *like them* get.

    The adversary trains no model of the target's kind. On a population that the target model never saw it
    learns how good the answer is for people with such features and such a label. It claims a target whose
    answer is far above what their own description predicts. One regression replaces all reference models; it
    knows less of each record's difficulty than they do.

    Score: (phi - mean(x, y)) / sd(x, y), both by ridge regression on the population ("gaussian"), or phi
    minus the `level`-quantile by boosted trees ("pinball"). No scored record may be fitted on: a target that
    is also in the population is refused.

    Args:
        head: what is regressed.
        level: the quantile of "pinball": one minus the false-positive rate aimed at.
    """

    name: ClassVar[str] = "quantile"
    title: ClassVar[str] = later("Is the answer better than strangers with such features get?")
    paper: ClassVar[Paper] = Paper(
        authors="Martin Bertran and Shuai Tang and Michael Kearns and Jamie Morgenstern and Aaron Roth "
        "and Zhiwei Steven Wu",
        title="Scalable Membership Inference Attacks via Quantile Regression",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2023,
        url="https://arxiv.org/abs/2307.03694",
    )

    head: Literal["gaussian", "pinball"] = "gaussian"
    level: float = 0.99

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        others = case.known.need_population(self.name)
        _refuse_overlap(others, case.targets)
        phi_others, phi = settle(
            signal_of(case.view, others, true_logit), signal_of(case.view, case.targets, true_logit)
        )
        usable = np.isfinite(phi_others)
        if usable.sum() < FEWEST:
            raise KnowledgeError(
                keep(
                    "quantile needs a population of at least {fewest:d} records to fit on and has {n:d}: "
                    "give more records like the targets.",
                    fewest=FEWEST,
                    n=int(usable.sum()),
                )
            )
        describe = Features.of(others, classes=case.known.classes, widest=WIDEST, rng=rng)
        x, x_targets = describe(others)[usable], describe(case.targets)
        if self.head == "pinball":
            return Guess(None, phi - self._quantile(x, phi_others[usable], x_targets, rng=rng))
        return Guess(None, _standardised(x, phi_others[usable], x_targets, phi))

    def _quantile(self, x: Floats, phi: Floats, x_targets: Floats, *, rng: Rng) -> Floats:
        from sklearn.ensemble import HistGradientBoostingRegressor

        # 50 rounds: more would learn single records of the population by heart.
        trees = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=self.level,
            max_iter=50,
            random_state=int(rng.integers(2**31)),
        )
        return trees.fit(x, phi).predict(x_targets)


def _refuse_overlap(others: Records, targets: Records) -> None:
    shared = int(np.isin(targets.fingerprints(), others.fingerprints()).sum())
    if shared:
        raise KnowledgeError(
            keep(
                "quantile is fitted on the population, and {n:d} targets are in it: take the targets out of "
                "the population.",
                n=shared,
            )
        )


def _standardised(x: Floats, phi: Floats, x_targets: Floats, phi_targets: Floats) -> Floats:
    """How many fitted standard deviations each target's phi is above its fitted mean."""
    ridge = _Ridge.of(x)
    mean = ridge.fit(phi)
    residual = phi - mean(x)
    # The deviation is regressed in logarithms, which keeps it above 0; `unit` then sets its scale right.
    spread = ridge.fit(np.log(residual**2 + 1e-12))
    unit = np.mean(residual**2 * np.exp(-spread(x)))
    deviation = np.sqrt(unit * np.exp(spread(x_targets)))
    return (phi_targets - mean(x_targets)) / np.maximum(deviation, 1e-6)


@dataclass(frozen=True, slots=True, eq=False)
class _Linear:
    """Linear function x -> intercept + (x - centre) @ weights."""

    centre: Floats
    weights: Floats
    intercept: float

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weights + (self.intercept - self.centre @ self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class _Ridge:
    """Ridge regressions on the same features, each with its penalty by generalised cross-validation."""

    x: Floats
    centre: Floats
    values: Floats
    vectors: Floats

    @classmethod
    def of(cls, x: Floats) -> _Ridge:
        centre = x.mean(axis=0)
        gram = x.T @ x - len(x) * np.outer(centre, centre)
        # One decomposition serves every penalty and both regressions.
        values, vectors = np.linalg.eigh(gram)
        return cls(x, centre, np.maximum(values, 0.0), vectors)

    def fit(self, t: Floats) -> _Linear:
        n, level = len(t), float(t.mean())
        c = self.vectors.T @ (self.x.T @ (t - level))
        shrunk = self.values + PENALTIES[:, None]
        freedom = (self.values / shrunk).sum(axis=1)
        rss = ((t - level) ** 2).sum() + (c**2 * (self.values / shrunk - 2) / shrunk).sum(axis=1)
        score = np.maximum(rss, 0.0) / np.maximum(n - 1 - freedom, 1e-9) ** 2
        # Near n - 1 degrees of freedom the criterion divides 0 by 0.
        best = int(np.where(freedom < 0.9 * (n - 1), score, np.inf).argmin())
        return _Linear(self.centre, self.vectors @ (c / shrunk[best]), level)
