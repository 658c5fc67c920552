"""Nasr et al.: Tight Auditing of Differentially Private Machine Learning (USENIX Security 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.training import Canaries, Planned
from confide.views.updates import Updates

NASR = Paper(
    authors="Milad Nasr and Jamie Hayes and Thomas Steinke and Borja Balle and Florian Tramer and Matthew "
    "Jagielski and Nicholas Carlini and Andreas Terzis",
    title="Tight Auditing of Differentially Private Machine Learning",
    venue="USENIX Security Symposium",
    year=2023,
    url="https://arxiv.org/abs/2302.07956",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLikelihood:
    """Gradient canary: adds up, over all steps, how much likelier the noised sums are with the canary.

    The adversary sees the noised sum of every step, as differential privacy allows, and knows every record's
    gradient but the canary's coin. Along the canary's direction there is then noise, and in a step whose
    batch has the canary one clipping norm more. A member is in a batch with the sampling rate q.

    Score: the sum over steps of `log(1 - q + q exp((s - 1/2) / sigma^2))`, for the signal s in clipping norms
    and noise of sigma clipping norms: the log of the likelihood ratio, and so the best score there is.
    """

    name: ClassVar[str] = "step-likelihood"
    title: ClassVar[str] = later("Do the noised steps look as if the canary was in?")
    paper: ClassVar[Paper] = NASR

    def __call__(self, case: Case[Updates, Planned, Canaries], *, rng: Rng) -> Guess:
        q, variance = case.known.plan.rate, case.known.plan.multiplier**2
        signal = case.view.signal
        with np.errstate(divide="ignore"):
            ratios = np.logaddexp(np.log1p(-q) if q < 1 else -np.inf, np.log(q) + (signal - 0.5) / variance)
        return Guess(None, ratios.sum(axis=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpread:
    """Gradient canary: asks whether the noised sums along the canary vary more than those of others.

    The adversary sees the noised sum of every step. A member is in some batches and not in others, and moves
    their sums; somebody who is not in moves none. Where noise is fresh in each step this tells little. Where
    steps share their noise, as with one seed, only members make the steps differ.

    Score: the variance of the signal over steps.
    """

    name: ClassVar[str] = "step-spread"
    title: ClassVar[str] = later("Does something beside noise come and go along the canary?")
    paper: ClassVar[Paper] = NASR

    def __call__(self, case: Case[Updates, Planned, Canaries], *, rng: Rng) -> Guess:
        return Guess(None, case.view.signal.var(axis=0))
