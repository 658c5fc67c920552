"""True-positive rates at a stated false-positive rate, with intervals for both noises.

The threshold that lets through a share f of all control people is not known: only the control scores at
hand are. Two facts hold for every distribution of scores, and all formulas here come from them:

- The number of control scores above that threshold follows the binomial law Bin(N0, f).
- Above any fixed threshold the number of exposed scores follows Bin(N1, TPR), independent of the first.

The first says between which two control scores the threshold may lie, and how probably. The second says what
the TPR there may be. `Ranks` counts exposed scores above control scores, for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isfinite, log, log1p, nan, sqrt

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence
from confide.measure.people import counted_once
from confide.measure.risk import PrecisionAt, RateAt
from confide.measure.special import beta_cdf, log_binomial, log_gamma

ATOMS = 64
"""Of the binomial law of the threshold's rank: more make no visible difference to an interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Exposed scores counted above control scores.

    Args:
        exposed, control: the scores, rising.
        rounds: by how much the number of exposed and of control scores exaggerates, where people have several
            (`confide.measure.people`). Everything is counted as if there were that many fewer.
    """

    exposed: Floats
    control: Floats
    rounds: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def of(cls, exposed: Floats, control: Floats, *, rounds: tuple[float, float] = (1.0, 1.0)) -> Ranks:
        """From scores in any order."""
        return cls(np.sort(exposed), np.sort(control), rounds)

    @property
    def size(self) -> float:
        """The number of exposed scores, each person's rounds counted for what they are worth."""
        return len(self.exposed) / self.rounds[0]

    @property
    def controls(self) -> int:
        """The same number of control scores, rounded down."""
        return max(1, int(len(self.control) / self.rounds[1]))

    def found(self, ranks: Ints) -> Floats:
        """How many exposed scores are above the control score of each rank, among `controls` ranks."""
        if self.rounds == (1.0, 1.0):
            return self.above(ranks)
        # Ranks of fewer scores are spread evenly over those of all.
        place = ranks * (len(self.control) + 1) / (self.controls + 1)
        lower = np.floor(place).astype(np.int64)
        first, second = self.above(lower), self.above(lower + 1)
        return (first + (place - lower) * (second - first)) / self.rounds[0]

    def above(self, ranks: Ints) -> Floats:
        """How many exposed scores are above the control score of each rank; 1 is the highest control score.

        Ties are broken by lot, and what is returned is the mean over all lots: above the j-th of a tied
        control scores are c j / (a + 1) of c exposed scores tied with them. Rank 0 is above all scores, and
        rank N0 + 1 below all. A score of -inf is a wrong claim, and never counts.
        """
        n = len(self.control)
        at = self.control[np.clip(n - ranks, 0, n - 1)]
        above = len(self.exposed) - np.searchsorted(self.exposed, at, side="right")
        tied = np.searchsorted(self.exposed, at, side="right") - np.searchsorted(
            self.exposed, at, side="left"
        )
        last = np.searchsorted(self.control, at, side="right")
        among = last - np.searchsorted(self.control, at, side="left")
        share = np.where(np.isneginf(at), 0.0, (ranks - (n - last)) / (among + 1))
        claimed = len(self.exposed) - np.searchsorted(self.exposed, -np.inf, side="right")
        found = np.where(ranks > n, claimed, above + share * tied)
        return np.where(ranks < 1, 0.0, found)


def tpr_at(
    exposed: Floats,
    control: Floats,
    *,
    fpr: float,
    confidence: float = 0.95,
    people: tuple[Ints, Ints] | None = None,
) -> RateAt:
    """The true-positive rate at the threshold that a share `fpr` of all control people is above.

    The value is a weighted mean of the rates at neighbouring control scores. The weights are such that it is
    right on average for every ROC of the form a + b sqrt(f) + c f. The rate above one control score alone is
    not: above the k-th highest of N0 the false-positive rate is k / (N0 + 1) on average, and a ROC is bent.

    The interval holds for the noise of the threshold and of the rate together. The threshold's rank follows
    the binomial law; the exact limits of Clopper and Pearson are the quantiles of a Beta law; each end is a
    quantile of the mixture of these Beta laws. Where one control person is expected above the threshold, it
    may as well be above every score. The low end is then 0, whatever was seen.

    `empirical` is the number that papers print: the share of exposed scores strictly above the control score
    with floor(fpr N0) control scores before it [Carlini et al. 2022].

    Args:
        exposed, control: the scores of right claims, -inf where the claim would be wrong, in any order.
        people: whom each exposed and each control score is about. A person's rounds then count for what they
            are worth, and a rate is resolved by people and not by rounds. None: each about somebody else.

    Raises:
        EvidenceError: if fpr is not above 0 and below 1.

    >>> rng = np.random.default_rng(0)
    >>> print(tpr_at(rng.standard_normal(1000) + 2, rng.standard_normal(1000), fpr=0.1).rate)  # truth: 0.764
    0.747 [0.696, 0.797] at 95%
    >>> tpr_at(np.array([5.0, 1.0]), np.arange(4.0), fpr=0.01).why
    'n/a (needs at least 100 non-members, has 4)'
    """
    check_confidence(confidence)
    absent = len(control) if people is None else len(np.unique(people[1]))
    k = place_of(len(control), fpr)
    if k is None or place_of(absent, fpr) is None:
        need = -int(-1 // Fraction(str(float(fpr))))  # 1 / fpr, rounded up
        return RateAt(fpr, None, absent, f"n/a (needs at least {need} non-members, has {absent})")
    threshold = threshold_at(control, k)
    rounds = (
        (1.0, 1.0)
        if people is None
        else (counted_once(exposed > threshold, people[0]), counted_once(control > threshold, people[1]))
    )
    ranks = Ranks.of(exposed, control, rounds=rounds)
    low, high = limits(ranks, np.array([fpr]), confidence=confidence)
    # Of few people the weighted mean can lie outside what the interval allows.
    value = min(max(unbiased(ranks, fpr), float(low[0])), float(high[0]))
    plain = float(np.mean(exposed > threshold)) if len(exposed) else None
    return RateAt(fpr, Estimate(value, float(low[0]), float(high[0]), confidence), absent, empirical=plain)


def precision_at(
    exposed: Floats,
    control: Floats,
    *,
    fpr: float,
    priors: Sequence[float] = (0.5, 0.1, 0.01),
    confidence: float = 0.95,
) -> tuple[PrecisionAt, ...]:
    """The precision of claims at this false-positive rate, if a share `prior` of the people is in the data.

    PPV = prior * TPR / (prior * TPR + (1 - prior) * fpr). It rises with the TPR, so the ends of its interval
    are those of `tpr_at`. The value is None if the rate is not resolved.

    >>> half, *_ = precision_at(np.full(50, 2.0), np.arange(-100.0, 0.0), fpr=0.1)
    >>> half.value.value
    0.909...
    """
    at = tpr_at(exposed, control, fpr=fpr, confidence=confidence)
    return tuple(PrecisionAt(prior, fpr, precision(at, prior=prior)) for prior in priors)


def precision(at: RateAt, *, prior: float) -> Estimate | None:
    """The precision that a rate means at this prior; None where the rate is not resolved."""
    rate = at.rate
    if rate is None or not isfinite(rate.value):
        return None
    value, low, high = (
        prior * tpr / (prior * tpr + (1 - prior) * at.fpr) for tpr in (rate.value, rate.low, rate.high)
    )
    return Estimate(value, low, high, rate.confidence)


def limits(ranks: Ranks, fprs: Floats, *, confidence: float, steps: int = 40) -> tuple[Floats, Floats]:
    """Both ends of the interval of the TPR at each of these false-positive rates.

    Args:
        steps: of the bisection: the ends are exact to 2^-steps.
    """
    error, n = (1 - check_confidence(confidence)) / 2, ranks.size
    laws = [_rank_law(ranks.controls, float(fpr)) for fpr in fprs]
    first, last, weight = (np.stack(part) for part in zip(*laws, strict=True))
    found = (ranks.found(first) + ranks.found(last)) / 2

    def below_high(rate: Floats) -> Bools:
        at_most = beta_cdf(rate[:, None], found + 1, np.maximum(n - found, 1e-300))
        return (weight * np.where(found >= n, 0.0, at_most)).sum(1) < 1 - error

    def below_low(rate: Floats) -> Bools:
        at_most = beta_cdf(rate[:, None], np.maximum(found, 1e-300), n - found + 1)
        return (weight * np.where(found <= 0, 1.0, at_most)).sum(1) < error

    return _bisect(below_low, len(fprs), steps)[0], _bisect(below_high, len(fprs), steps)[1]


def unbiased(ranks: Ranks, fpr: float) -> float:
    """The TPR at this false-positive rate, right on average for every ROC a + b sqrt(f) + c f."""
    if not len(ranks.exposed):
        return nan
    near, weight = neighbours(ranks.controls, fpr)
    # The weights add up to 1 but for rounding, which differs by processor: all is 1, and not nearly 1.
    return round(float(weight @ ranks.found(near)) / ranks.size, 12)


def neighbours(controls: int, fpr: float) -> tuple[Ints, Floats]:
    """Ranks around a false-positive rate, and the weight of each in `unbiased`.

    Above the k-th highest control score the false-positive rate follows Beta(k, N0 + 1 - k). The mean of its
    p-th power is a ratio of gamma functions. The weights solve these equations for p = 0, 1/2 and 1, with the
    smallest variance among all that do.
    """
    at = fpr * (controls + 1)
    reach = max(3, ceil(sqrt(at)))
    near = np.arange(max(1, floor(at) - reach), min(controls, ceil(at) + reach) + 1)
    # Two ranks solve two equations: p = 0 and 1 make the straight line between them.
    powers = np.array([[0.0], [1.0], [0.5]])[: len(near)]
    means = np.exp(
        log_gamma(near + powers)
        - log_gamma(near)
        + log_gamma(controls + 1.0)
        - log_gamma(controls + 1.0 + powers)
        - powers * log(fpr)
    )
    # What two ranks share is the noise of the higher one; the diagonal is the exposed rows' noise.
    higher = np.where(near[:, None] < near, near[:, None], near)
    noise = higher / at + 0.3 * np.eye(len(near))
    solved = np.linalg.solve(noise, means.T)
    return near, solved @ np.linalg.solve(means @ solved, np.ones(len(powers)))


def _rank_law(controls: int, fpr: float) -> tuple[Ints, Ints, Floats]:
    """Between which ranks the threshold is, and how probably: first and last rank, weight, each [ATOMS].

    With k control scores above it the threshold is between ranks k and k + 1, and each gets half.
    """
    around = 6 * sqrt(controls * fpr * (1 - fpr)) + 20  # beyond it is less than 1e-8
    k = np.arange(max(0, floor(controls * fpr - around)), min(controls, ceil(controls * fpr + around)) + 1)
    log_law = log_binomial(controls, k.astype(np.float64)) + k * log(fpr) + (controls - k) * log1p(-fpr)
    law = np.exp(log_law - log_law.max())
    law /= law.sum()
    weight = (np.append(law, 0.0) + np.append(0.0, law)) / 2
    # Of many controls neighbouring ranks share an atom: their rates differ by far less than the interval.
    starts = np.unique(np.linspace(0, len(weight), ATOMS, endpoint=False).astype(np.int64))
    ends = np.append(starts[1:], len(weight)) - 1
    short = ATOMS - len(starts)
    first, last = np.pad(k[0] + starts, (0, short)), np.pad(k[0] + ends, (0, short))
    return first, last, np.pad(np.add.reduceat(weight, starts), (0, short))


def _bisect(below: Callable[[Floats], Bools], count: int, steps: int) -> tuple[Floats, Floats]:
    low, high = np.zeros(count), np.ones(count)
    for _ in range(steps):
        middle = (low + high) / 2
        is_below = below(middle)
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return low, high


def place_of(controls: int, fpr: float) -> int | None:
    """floor(fpr * N0) in exact decimals (0.29 of 100 is 29); None if the sample cannot resolve the rate.

    Raises:
        EvidenceError: if fpr is not above 0 and below 1.
    """
    if not 0 < fpr < 1:
        raise EvidenceError(f"fpr is {fpr}; give a false-positive rate above 0 and below 1.")
    k = int(Fraction(str(float(fpr))) * controls)  # 0.29 * 100 as floats is 28.999...
    return k or None


def threshold_at(control: Floats, k: int) -> float:
    """The score with k scores before it, in falling order."""
    place = len(control) - 1 - k
    return float(np.partition(control, place)[place])
