"""Brännvall: Exponential-Family Membership Inference: From LiRA and RMIA to BaVarIA (2026)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, stdtr

from confide.attacks.membership.black_box._in_out import Mode, ReferenceFit, logits_in_and_out, plays_online
from confide.core.access import BlackBox
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentT:
    """Student t: the likelihood ratio of LiRA, where a few models tell little about a variance.

    A record's own variance is better than one for all, if there are enough models to estimate it. Instead of
    switching between the two, the adversary puts a prior on it, centred on the pooled variance and worth
    `prior` observations. The prediction for the released model's answer is then a Student t: with heavy tails
    where references are few, and close to LiRA's normal where they are many. (Our parametrisation of the
    idea.)

    With n values of mean m and sum of squares SS on a side, pooled variance s2, and nu = prior + n - 1: v =
    (prior s2 + SS) / nu * (1 + 1/n), and the score is t_nu((phi - m) / sqrt v) - log(v) / 2 of IN, minus the
    same of OUT. Offline it is the log of the t distribution function. Targets that lack a side are left out.

    Args:
        mode: compare IN with OUT ("online"), look at OUT alone ("offline"), or decide by what there is
            ("auto").
        prior: how many observations the pooled variance is worth.
    """

    name: ClassVar[str] = "student"
    title: ClassVar[str] = later(
        "Is the answer likelier from a model that saw the record, given how few we trained?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Rickard Brännvall",
        title="Exponential-Family Membership Inference: From LiRA and RMIA to BaVarIA",
        venue="arXiv:2603.11799",
        year=2026,
        url="https://arxiv.org/abs/2603.11799",
    )

    mode: Mode = "auto"
    prior: float = 4.0

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name)
        online = plays_online(self.mode, references, self.name)
        phi, inside, outside = logits_in_and_out(case, references)
        if online:
            return Guess(None, self.ratio(phi, inside, outside))
        nu, scale = self._spread(outside)
        return Guess(None, _log_distribution((phi - outside.mean) / scale, nu))

    def ratio(self, values: Floats, inside: ReferenceFit, outside: ReferenceFit) -> Floats:
        """The log-likelihood ratio of each target's value, float64[n]; NaN where a side is empty."""
        return self._log_density(values, inside) - self._log_density(values, outside)

    def _spread(self, of: ReferenceFit) -> tuple[Floats, Floats]:
        """Degrees of freedom and scale of the predicted t; float64[n] each."""
        count = np.maximum(of.count, 1)  # with 0 references the mean is NaN, and so is the score
        nu = self.prior + count - 1
        # The factor 1 + 1/n adds the error of the mean itself.
        return nu, np.sqrt((self.prior * of.pooled + of.squares) / nu * (1 + 1 / count))

    def _log_density(self, phi: Floats, of: ReferenceFit) -> Floats:
        nu, scale = self._spread(of)
        t = (phi - of.mean) / scale
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(np.pi * nu)
        return constant - (nu + 1) / 2 * np.log1p(t**2 / nu) - np.log(scale)


def _log_distribution(t: Floats, nu: Floats) -> Floats:
    """log P(T <= t), which keeps its digits in the upper tail too."""
    with np.errstate(divide="ignore"):
        # The tail is computed on the side where it is small, and keeps its digits there.
        return np.where(t > 0, np.log1p(-stdtr(nu, -np.abs(t))), np.log(stdtr(nu, -np.abs(t))))
