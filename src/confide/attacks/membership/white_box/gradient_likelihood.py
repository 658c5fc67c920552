"""Leemann, Pawelczyk, Kasneci: Gaussian Membership Inference Privacy (NeurIPS 2023), at training's end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

MOST = 10_000
"""Candidates, or parameters if these are fewer, that are compared with each other: 0.8 GB."""
NOISE = np.exp(np.linspace(-16, 6, 89))
"""Variances of the noise that are tried, over the largest one of the records' sum."""
NEGLIGIBLE = 1e-12
"""Directions in which gradients have less than this share of the largest variance are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientLikelihood:
    """Gradient likelihood ratio: is the sum of gradients that the model shows likelier with this record in?

    At the end of training the gradients of all training records and of the penalty add up to zero, or to
    noise where noise was added. The adversary holds the model and the candidates, and knows of none whether
    it was in. It knows the sum over the members, v = -kappa r, from the penalty's gradient r. A record whose
    gradient points along what v has more than half of all candidates is likelier to be in it. Other members
    point that way too: directions in which many gradients vary say little, and the likelihood ratio of a
    Gaussian sum discounts them. The paper does this with the gradient of one training step, and here it is
    done with the optimality condition, so that no step need be seen.

    Let u = v - (sum of all g) / 2 and S = s^2 I + (sum of all g g^T) / 4, the covariance of u where fair
    coins chose the members and the noise has variance s^2. With S_z, the same without the target z,

        score = g^T S_z^-1 u = g^T S^-1 u / (1 - g^T S^-1 g / 4),

    which is the logarithm of the likelihood ratio of "in" to "out". The variance s^2 is the one under which u
    is likeliest. Unlike an informed adversary this one uses nobody's membership, so that the scores of all
    targets may be compared within one model. Memory: candidates times the fewer of candidates and parameters.

    Args:
        penalty: kappa, the factor of the penalty's gradient in the sum of losses (1/C of scikit-learn), if it
            is known; None fits it.
        clip: the length that training shortened each gradient to; None where it did not.
    """

    name: ClassVar[str] = "gradient-likelihood"
    title: ClassVar[str] = later(
        "Is the sum of gradients that the model shows likelier with this record in it?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Tobias Leemann and Martin Pawelczyk and Gjergji Kasneci",
        title="Gaussian Membership Inference Privacy",
        venue="Advances in Neural Information Processing Systems",
        year=2023,
        url="https://arxiv.org/abs/2306.07273",
    )

    penalty: float | None = None
    clip: float | None = None

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        view, x, y = case.view, case.targets.x, case.targets.y
        pull = view.penalty_gradient()
        size, n = sum(len(part) for part in pull), len(case.targets)
        if min(size, n) > MOST:
            raise KnowledgeError(
                keep(
                    "{attack} compares candidates with each other, and {n:,} candidates for {size:,} "
                    "parameters are too many: give {most:,} of one of both or fewer.",
                    attack=self.name,
                    n=n,
                    size=size,
                    most=MOST,
                )
            )
        length = np.sqrt((view.gradient_norms(x, y) ** 2).sum(axis=1))
        along = view.gradient_along(x, y, pull).sum(axis=1)
        clear = np.isfinite(length) & np.isfinite(along)
        scale = clear * np.ones(n)
        if self.clip is not None:
            scale[clear] = np.minimum(1.0, self.clip / np.maximum(length[clear], 1e-300))
        g = _by_gradients(view, case.targets, scale) if size <= n else _by_gram(view, case.targets, scale)
        u = self._sum_over(g, np.where(clear, along, 0.0) * scale)
        return Guess(None, np.where(clear, log_ratios(g, u), np.nan))

    def _sum_over(self, g: Floats, along: Floats) -> Floats:
        """u: the sum over the members that the model shows, less that of half of all, float64[k].

        What is outside the records' gradients says nothing of any record, and is left out.
        """
        r, half = (g / np.maximum((g**2).sum(axis=0), 1e-300)).T @ along, g.sum(axis=0) / 2
        kappa = self.penalty
        if kappa is None:
            kappa = -float(r @ half) / max(float(r @ r), 1e-300)
        return -kappa * r - half


def log_ratios(g: Floats, u: Floats) -> Floats:
    """The score of each record, float64[n], for the likeliest variance of the noise.

    Args:
        g: the gradients along k directions that are at right angles to each other over the records,
            float64[n, k]: g.T @ g has numbers on its diagonal alone.
        u: float64[k].

    >>> g = np.diag([1.0, 2.0])  # the first record is in, and not the second
    >>> np.sign(log_ratios(g, np.array([0.5, -1.0]))).tolist()
    [1.0, -1.0]
    """
    spread = (g**2).sum(axis=0) / 4
    tried = spread.max(initial=1e-300) * NOISE[:, None] + spread
    likely = -(np.log(tried) + u**2 / tried).sum(axis=1)
    inverse = 1 / tried[likely.argmax()]
    own = (g**2) @ inverse
    # A record whose direction is its own has a quarter of `own` of 1, but for rounding.
    return g @ (inverse * u) / np.maximum(1 - own / 4, 1e-9)


def _by_gradients(view: WhiteBox, records: Records, scale: Floats) -> Floats:
    """The gradients along their principal directions, where there are fewer parameters than records."""
    every = view.gradient(records.x, records.y)
    every = np.where(scale[:, None] > 0, every, 0.0) * scale[:, None]
    square, turn = np.linalg.eigh(every.T @ every)
    return every @ turn[:, _kept(square)]


def _by_gram(view: WhiteBox, records: Records, scale: Floats) -> Floats:
    """The same by their inner products, where there are fewer records than parameters."""
    gram = view.gradient_gram(records.x, records.y)
    known = scale > 0
    square, turn = np.linalg.eigh(np.where(known[:, None] & known, gram, 0.0) * scale[:, None] * scale)
    kept = _kept(square)
    return turn[:, kept] * np.sqrt(square[kept])


def _kept(square: Floats) -> Bools:
    return square > NEGLIGIBLE * max(float(square.max(initial=0.0)), 1e-300)
