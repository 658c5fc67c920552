"""Holland, Welsch: Robust Regression Using Iteratively Reweighted Least-Squares (1977), then the box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.answers._claims import best_fit, claims_of
from confide.attacks.reconstruction.answers._fista import minimise
from confide.attacks.reconstruction.answers._quadratic import Quadratic
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers

NORMAL = 1.4826
"""The deviation of a normal law over its median absolute deviation."""
BISQUARE = 4.685
"""Tukey's cut: an answer this many deviations off has no weight; on normal noise 95 % as good as squares."""
FAR = 3.5
"""An answer this many deviations off is left out of the last fit: of normal noise one in 2,000 is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustReconstruction:
    """Robust reconstruction: finds out which answers are wrong, leaves them out, and solves the others.

    Some answers are arbitrary: made up, swapped, or of another table. One of them outweighs hundreds in a sum
    of squares. The adversary starts from a guess that is the same for everybody, at which most answers are
    off by little, and made-up ones by much. It weighs each answer by how far it is off (Tukey's bisquare of
    the residual over the median one), fits again, and repeats this. At last it drops the answers that are
    still far off, and fits the others with every bit in [0, 1].

    Args:
        rounds: how often answers are weighed.

    Source: Holland, Welsch 1977; Dwork, McSherry, Talwar 2007 for answers of which a share is arbitrary.
    """

    name: ClassVar[str] = "robust-reconstruction"
    title: ClassVar[str] = later("Do the answers give away secrets even if some of them are made up?")
    paper: ClassVar[Paper] = Paper(
        authors="Paul W. Holland and Roy E. Welsch",
        title="Robust Regression Using Iteratively Reweighted Least-Squares",
        venue="Communications in Statistics: Theory and Methods 6(9)",
        year=1977,
        url="https://doi.org/10.1080/03610927708827533",
    )

    rounds: int = 6

    def __call__(self, case: Case[Answers, AnswersKnowledge, Ints], *, rng: Rng) -> Guess:
        kept = plausible(case.view, rounds=self.rounds)
        view = case.view.take(kept)
        return claims_of(best_fit(view, case.known), Case(view, case.known, case.targets))


def plausible(view: Answers, *, rounds: int) -> Bools:
    """The answers that the others do not contradict, bool[m]."""
    # The median answer per head: a mean would follow the wrong answers.
    sizes = np.maximum(view.subsets.sizes, 1)
    share = min(max(float(np.median(view.answers / sizes)), 0.0), 1.0)
    x = np.full(view.people, share)
    for _ in range(rounds):
        residual = np.abs(view.subsets.sums(x) - view.answers)
        x = _weighed(view, _bisquare(residual, _spread(residual)), x)
    residual = np.abs(view.subsets.sums(x) - view.answers)
    return residual <= FAR * _spread(residual)


def _weighed(view: Answers, weights: Floats, start: Floats) -> Floats:
    """A fit in the box with these weights, by passes over the queries: no round needs it exactly."""
    problem = Quadratic(view, weights)
    found = minimise(
        problem.gradient, start, curvature=problem.curvature, low=0.0, high=1.0, tolerance=1e-2, most=40
    )
    return found.x


def _spread(residual: Floats) -> float:
    """The deviation of the noise, as most residuals show it; above 0."""
    return max(NORMAL * float(np.median(residual)), 1e-6)


def _bisquare(residual: Floats, deviation: float) -> Floats:
    """Tukey's weights: 1 for an answer that fits, 0 beyond the cut.

    >>> _bisquare(np.array([0.0, 4.685, 9.0]), 1.0).tolist()
    [1.0, 0.0, 0.0]
    """
    return np.maximum(1 - (residual / (BISQUARE * deviation)) ** 2, 0) ** 2
