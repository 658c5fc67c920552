"""Forecast: how many answers it takes until records are known, from the workload and the noise alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.measure.reconstruction import answers_until, box_deviation, share_known
from confide.measure.special import normal_cdf
from confide.measure.subset_information import information
from confide.views.answers import Subsets

SHARES = (0.01, 0.05, 0.5)
"""The shares of the people at which the forecast says how many answers it takes."""
SURE = 0.95
"""The probability from which on a bit counts as known."""
DENSEST = 1_500
"""Up to this number of people, or of answers, the workload itself is solved."""
FURTHEST = 2.0**30
"""How many times the workload is asked at most, in the forecast."""
POINTS = 9
"""Points of the curve up to the workload's own size."""
SMOOTH = 20
"""Points of the curve of the closed form, which takes no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What answers will give away, foretold.

    Args:
        answers: numbers of answers, rising.
        known: the share of the people whose bit is then known with 95 %, for each of these.
        until: share of the people -> the number of answers at which that share is known; infinite if never.
        here: the share that is known from the answers of the workload.
        how: how it was worked out, a sentence.
    """

    answers: tuple[float, ...]
    known: tuple[float, ...]
    until: dict[float, float]
    here: float
    how: str


RANDOM = later("The subsets are like random halves of the people, for which there is a closed form.")
SOLVED = later(
    "It takes the workload in random order, and beyond its end the same queries with fresh "
    "noise, and works out how far linear estimates determine each bit."
)
LAW = later(
    "There are many people and answers, so a law for random subsets is used, with each "
    "person's own number of subsets: for other workloads it is rough."
)


def forecast(subsets: Subsets, *, noise: float, share: float, rng: Rng) -> Forecast:
    """Foretell how many people's bits are known, by the number of answers.

    Args:
        subsets: of the workload.
        noise: the deviation of the noise on each answer.
        share: of the people whose bit is 1; above 0 and below 1.
        rng: for the order in which queries are taken.

    >>> halves = Subsets.random(2_000, 100, rng=np.random.default_rng(0))
    >>> told = forecast(halves, noise=5.0, share=0.5, rng=np.random.default_rng(0))
    >>> 50 < told.until[0.01] < told.until[0.5] < 2_000 and told.here > 0.9
    True
    """
    m, n = len(subsets), subsets.people
    if subsets.random_halves:
        until = {known: answers_until(n, noise=noise, known=known, share=share) for known in SHARES}
        last = max(m, *(count for count in until.values() if np.isfinite(count)), 2)
        counts = _spaced(last, points=SMOOTH, factor=2**0.5)
        known = [share_known(box_deviation(n, c, noise=noise), share=share) for c in counts]
        here = share_known(box_deviation(n, m, noise=noise), share=share)
        return Forecast(answers=counts, known=tuple(known), until=until, here=here, how=RANDOM)
    if min(m, n) > DENSEST:
        return _by_law(subsets, noise=noise, share=share)
    order = rng.permutation(m)
    # No more of it is solved than one linear system of DENSEST unknowns can be.
    counts = [round(c) for c in _spaced(m)]
    known = [_solved(subsets.take(np.sort(order[:k])), noise, share) for k in counts]
    here, times = known[-1], 1.0
    # Beyond its end: asked t times, the mean of an answer has noise / sqrt(t).
    while known[-1] < max(SHARES) and times < FURTHEST:
        times *= 4
        known.append(_solved(subsets, noise / times**0.5, share))
        counts.append(round(times * m))
        if noise == 0 or (times > 2**10 and known[-1] - known[-3] < 1e-3):
            break  # more of the same says nothing new
    rising = np.maximum.accumulate(np.array(known))
    until = {at: _crossing(counts, rising, at) for at in SHARES}
    return Forecast(
        answers=tuple(map(float, counts)), known=tuple(rising.tolist()), until=until, here=here, how=SOLVED
    )


def known_here(subsets: Subsets, *, noise: float, share: float) -> float:
    """The share of people whose bit is known from the workload itself, as `forecast` has it in `here`.

    >>> halves = Subsets.random(400, 100, rng=np.random.default_rng(0))
    >>> told = forecast(halves, noise=5.0, share=0.3, rng=np.random.default_rng(0))
    >>> told.here == known_here(halves, noise=5.0, share=0.3)
    True
    """
    m, n = len(subsets), subsets.people
    if subsets.random_halves:
        return share_known(box_deviation(n, m, noise=noise), share=share)
    if min(m, n) > DENSEST:
        return _lawful(subsets, m, noise=noise, share=share)
    return _solved(subsets, noise, share)


def known_from(told: Floats, *, share: float, confidence: float = SURE) -> float:
    """The share of people whose bit is known, from what the answers say about each, as `share_known`.

    The log-odds of a bit are normal, with mean prior ± told / 2 and variance told.

    >>> known_from(np.array([0.0, 25.0]), share=0.5) == share_known(0.2) / 2
    True
    """
    prior, least = np.log(share / (1 - share)), np.log(confidence / (1 - confidence))
    spread = np.sqrt(np.maximum(told, 1e-300))
    one, zero = prior + told / 2, prior - told / 2
    own_one, own_zero = _below((one - least) / spread), _below((-zero - least) / spread)
    if max(share, 1 - share) >= confidence:
        return float(np.mean(own_one if share < 0.5 else own_zero))
    wrong_one, wrong_zero = _below((-one - least) / spread), _below((zero - least) / spread)
    return float(np.mean(share * (own_one + wrong_one) + (1 - share) * (own_zero + wrong_zero)))


def _below(z: Floats) -> Floats:
    return normal_cdf(z)


def _solved(subsets: Subsets, noise: float, share: float) -> float:
    return known_from(information(subsets, noise=noise, share=share), share=share)


def _by_law(subsets: Subsets, *, noise: float, share: float) -> Forecast:
    """By the state evolution of random subsets, with each person's own share of them."""
    m = len(subsets)

    def known(count: float) -> float:
        return _lawful(subsets, count, noise=noise, share=share)

    counts = list(_spaced(m))
    while known(counts[-1]) < max(SHARES) and counts[-1] < FURTHEST * m:
        counts.append(2 * counts[-1])
    found = np.maximum.accumulate(np.array([known(c) for c in counts]))
    until = {at: _crossing(counts, found, at) for at in SHARES}
    return Forecast(answers=tuple(counts), known=tuple(found.tolist()), until=until, here=known(m), how=LAW)


def _lawful(subsets: Subsets, count: float, *, noise: float, share: float) -> float:
    each = subsets.memberships / len(subsets)
    own = np.maximum(4 * each * (1 - each), 1e-12)  # 1 for a person who is in half of the subsets
    square = box_deviation(subsets.people, count, noise=noise) ** 2
    return known_from(own / max(square, 1e-6), share=share)


def _spaced(last: float, *, points: int = POINTS, factor: float = 2.0) -> tuple[float, ...]:
    """Numbers from 1 on up to the last one, each by this factor below the next."""
    return tuple(c for c in last / factor ** np.arange(points - 1, -1, -1) if c >= 1)


def _crossing(counts: list[float] | list[int], known: Floats, at: float) -> float:
    """The number of answers at which the curve reaches a share, on a logarithmic scale; infinite if never."""
    over = np.flatnonzero(known >= at)
    if not len(over):
        return float("inf")
    i = int(over[0])
    if i == 0:
        return float(counts[0])
    part = (at - known[i - 1]) / (known[i] - known[i - 1])
    return float(counts[i - 1] * (counts[i] / counts[i - 1]) ** part)
