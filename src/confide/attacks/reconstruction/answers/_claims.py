"""Claims about bits: who has the secret, and how sure of it the adversary is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from confide.attacks.reconstruction.answers._fit import Fit, box_fit
from confide.attacks.reconstruction.answers._quadratic import DENSE
from confide.attacks.reconstruction.answers._wide import tall_fit, wide_fit
from confide.core.arrays import Floats, Ints
from confide.core.diagnostics import Diagnostics
from confide.core.language import keep
from confide.core.nouns import Case, Guess
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers

SUREST = 700.0
"""The largest log-odds: beyond, their exponential is no number."""


def share_of(view: Answers, known: AnswersKnowledge) -> float:
    """The share of those who have the secret, from the population, the total, or the answers.

    It is kept half a person away from none and all, for both would be certainty.
    """
    if known.share is not None:
        share = known.share
    elif view.total is not None:
        share = view.total / view.people
    else:
        share = told_share(view)
    least = 0.5 / view.people
    return min(max(share, least), 1 - least)


def told_share(view: Answers) -> float:
    """The posterior mean of the share of those who have the secret, beforehand as likely any from 0 to 1.

    The weighted sum of the answers over that of the sizes estimates the share. Its error is normal, from the
    noise and from subsets that cover some people more. Under large noise the estimate may be below 0
    or above 1, and tells next to nothing: cut off at an end it makes everybody's value certain, while the
    mean of the normal law cut off there goes to one half.
    """
    sizes = np.maximum(view.subsets.sizes, 0).astype(np.float64)
    square = (view.noise or 0.0) ** 2
    # How far single answers are off by one share for all: larger noise than stated shows here.
    flat = float(sizes @ view.answers) / max(float(sizes @ sizes), 1.0)
    off = float(((view.answers - flat * sizes) ** 2).sum()) / max(len(view) - 1, 1)
    square = max(square, off)
    weights = sizes / (square + sizes / 4)  # exact answers count people equally, noisy ones by their size
    over = float(weights @ sizes)
    if over <= 0:
        return 0.5
    estimate = float(weights @ view.answers) / over
    uneven = view.subsets.spread(weights) / over - 1 / view.people
    deviation = float(np.sqrt(square * float(weights @ weights) / over**2 + float(uneven @ uneven) / 4))
    return mean_between(estimate, deviation)


def mean_between(centre: float, deviation: float) -> float:
    """The mean of a normal law cut off at 0 and 1.

    >>> mean_between(0.3, 0.01), round(mean_between(0.3, 1e6), 3), round(mean_between(50.0, 1e4), 3)
    (0.3, 0.5, 0.5)
    """
    if deviation <= 0:
        return min(max(centre, 0.0), 1.0)
    # Trapezia, with the exponent shifted: ends far out in the tail would be 0 / 0.
    at = np.linspace(0.0, 1.0, 2_001)
    exponent = -0.5 * ((at - centre) / deviation) ** 2
    weight = np.exp(exponent - exponent.max())
    return float(weight @ at / weight.sum())


def prior(view: Answers, known: AnswersKnowledge) -> float:
    """The log-odds that somebody has the secret, if nothing else is known of them."""
    share = share_of(view, known)
    return float(np.log(share / (1 - share)))


def best_fit(view: Answers, known: AnswersKnowledge, *, weights: Floats | None = None) -> Fit:
    """The fit in the box for random halves; the linear one for other queries or where it says too little.

    The law of the box's errors is that of random subsets. Conditions on a few columns ask about most people
    in much the same way: there the box drives whole groups to its edges, and takes them for known when it
    says how sure a bit is. The linear fit lets all bits vary, and is right more often there too.

    Among random halves, if the box leaves more bits open than there are answers, many solutions fit equally
    well, and only what bits are like beforehand decides between them. With many people and fewer answers that
    is known without the box, which would need the law of random subsets.
    """
    few, dense = len(view) <= min(DENSE, view.people - 1), view.people <= DENSE
    if view.subsets.random_halves and (dense or not few):
        fit = box_fit(view, weights=weights)
        if not few or ((fit.x > 0) & (fit.x < 1)).sum() < len(view):
            return replace(fit, noise=_at_least_known(fit.noise, view, known))
    elif dense and (not few or weights is not None):
        fit = box_fit(view, weights=weights)
        noise = _at_least_known(fit.noise, view, known)
        return tall_fit(view, share=share_of(view, known), noise=noise, weights=weights)
    elif not few:
        return box_fit(view, weights=weights)
    return wide_fit(view, share=share_of(view, known))


def _at_least_known(noise: float, view: Answers, known: AnswersKnowledge) -> float:
    """The noise that residuals show, and no less than the mechanism's, where that is known.

    A known law is no estimate: residuals that look smaller are chance, or answers were left out.
    """
    return noise if known.mechanism is None else max(noise, view.noise or 0.0)


def claims(log_odds: Floats, targets: Ints, diagnostics: Diagnostics | None = None) -> Guess:
    """The likelier value of each target's bit, int64[t], scored by the log-odds that they have the secret.

    Args:
        log_odds: float64[n], of everybody.
        targets: int64[t], who is asked about.
        diagnostics: what has to be said about it.
    """
    asked = np.clip(log_odds[targets], -SUREST, SUREST)
    return Guess((asked > 0).astype(np.int64), asked, diagnostics)


def claims_of(fit: Fit, case: Case[Answers, AnswersKnowledge, Ints]) -> Guess:
    """The claims that follow from a fit, with what has to be said about it."""
    remarks = [keep("The residuals show noise of deviation {deviation:.3g}.", deviation=fit.noise)]
    if not fit.converged:
        remarks.append(keep("The iteration had not ended after {n:,} steps.", n=fit.steps))
    log_odds = prior(case.view, case.known) + fit.evidence
    return claims(log_odds, case.targets, Diagnostics(tuple(remarks), conclusive=fit.converged))
