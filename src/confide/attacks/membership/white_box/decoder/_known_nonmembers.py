"""Known non-members beside the candidates: they show which scores stand out, without any label.

Each is a known zero of the system, so none is an unknown of it. As one of the unknowns it would take up
equations that the candidates need, and the more was known, the less would be found.
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.nouns import Case
from confide.knowledge.models import Background
from confide.views.records import Records

# Known non-members that are looked at. More of them would make the products of gradients slow.
NONMEMBERS = 600
# With fewer, the 99 % quantile of their scores would be a guess, and none are looked at.
FEWEST = 100
# Settings are compared by the share of candidates that stand out at false-positive rates up to this one, on a
# scale of log rates: the lowest matter most, but each of those is a matter of few known non-members.
LOW = 0.1
# A setting takes the place of another if it is better by this many standard errors: it is one of dozens.
MARGIN = 3.0
# Sets of known non-members that are drawn again, to see how far the thresholds depend on who is in them.
DRAWS = 100


def known_nonmembers(case: Case[object, Background, Records], *, rng: Rng) -> Records | None:
    """Known non-members, where there are enough."""
    population = case.known.population
    if population is None or len(population) < FEWEST:
        return None
    return population.take(np.sort(rng.permutation(len(population))[:NONMEMBERS]))


def flagged(score: Floats, known: Floats) -> float:
    """The share of the scores above 99 % of those of known non-members: of two halves, the higher threshold.

    The quantile of one set may be low by chance; the larger of two rarely is.
    """
    threshold = max(float(np.quantile(half, 0.99)) for half in (known[::2], known[1::2]))
    return float((score > threshold).mean())


def set_apart(scores: Floats, known: Floats, first: int, *, rng: Rng) -> int:
    """The setting under which most candidates stand out from known non-members; `first` unless one is better.

    Better means by more than chance: under one setting of many, some more stand out by chance alone, and a
    choice among all would lose power where the first is good.

    Args:
        scores: those of m candidates under S settings, float64[S, m].
        known: those of N known non-members, float64[S, N].
        first: the setting that needs no known non-member.
        rng: draws sets of known non-members.
    """
    draws = rng.integers(known.shape[1], size=(DRAWS, known.shape[1]))
    out = np.stack([_standing_out(own, one) for own, one in zip(scores, known, strict=True)])
    gains = out.mean(axis=1) - out[first].mean()
    base = _drawn(scores[first], known[first][draws])
    for at in np.argsort(-gains, kind="stable"):
        if gains[at] <= 0:
            break
        by_known = (_drawn(scores[at], known[at][draws]) - base).var()
        by_candidates = (out[at] - out[first]).var() / scores.shape[1]
        if gains[at] > MARGIN * np.sqrt(by_known + by_candidates):
            return int(at)
    return first


def _thresholds(known: Floats) -> tuple[Floats, Floats]:
    """The k highest scores of known non-members, float64[..., k], rising; and the weight of each, float64[k].

    Each is the threshold of a false-positive rate, the highest that of the lowest rate. The weights are the
    steps of the log rate.
    """
    count = max(int(LOW * (known.shape[-1] + 1)), 1)
    weights = 1 / np.arange(count, 0.0, -1)
    return np.sort(known, axis=-1)[..., -count:], weights / weights.sum()


def _standing_out(scores: Floats, known: Floats) -> Floats:
    """The weights of the thresholds that each score is above, float64[m]."""
    thresholds, weights = _thresholds(known)
    return np.append(0.0, np.cumsum(weights))[np.searchsorted(thresholds, scores, side="left")]


def _drawn(scores: Floats, known: Floats) -> Floats:
    """The mean of `_standing_out` against each of D sets of known non-members [D, N], float64[D]."""
    thresholds, weights = _thresholds(known)
    above = len(scores) - np.searchsorted(np.sort(scores), thresholds, side="right")
    return above @ weights / len(scores)
