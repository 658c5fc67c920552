"""Lower bounds on epsilon from one training run with many canaries, each included by its own coin.

The adversary guesses "in" for the canaries that score highest, "out" for those that score lowest, and makes
no guess about the rest. Under (epsilon, delta)-privacy each guess is right with probability at most
e^epsilon / (1 + e^epsilon) up to delta, for any outcome of the other guesses. More right guesses than this
allows prove a larger epsilon [Steinke, Nasr and Jagielski 2023; Mahloujifar, Melis and Chaudhuri 2025].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import erfc, exp, isqrt, sqrt
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np

from confide.core.arrays import Bools
from confide.core.language import t
from confide.measure.epsilon import GAUSSIAN, NO_COINS, check_delta, gaussian_epsilon, largest
from confide.measure.intervals import check_confidence
from confide.measure.risk import EpsilonBound
from confide.measure.rows import Rows
from confide.measure.special import binomial_tail, log_binomial

Ends: TypeAlias = Literal["both", "top"]
Formula: TypeAlias = Callable[["Tally", float], float]
"""(right guesses, error probability) -> the epsilon that they prove."""

PLAN: tuple[tuple[float, Ends, float], ...] = (
    (1.0, "both", 0.05),
    (0.25, "both", 0.20),
    (0.07, "both", 0.50),
    (0.05, "top", 0.12),
    (0.01, "top", 0.08),
    (0.001, "top", 0.05),
)
"""The numbers of guesses to try, as (share of canaries, ends, weight of the error).

The plans are fixed before any evidence is seen. The best one is reported, and the error is divided by weight
(Bonferroni). On Gaussian scores this proves more than choosing the share on half of the canaries. Plans with
guesses at the top only suit attacks that find a few sure members and no sure non-member, as most attacks do.
"""

# Fewer guesses prove little; more take long and prove no more.
FEWEST, MOST = 50, 50_000


def _not_by_coin() -> str:
    return t(
        "{why}: exposed and control are taken as exchangeable, and equally many of each", why=t(NO_COINS)
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """A count of right guesses: `right` of `guesses` guesses about `canaries` canaries."""

    right: int
    guesses: int
    canaries: int


def one_run(
    rows: Rows, *, confidence: float = 0.95, delta: float = 1e-5, randomised: bool = False
) -> EpsilonBound:
    """The bound of Steinke, Nasr and Jagielski (2023).

    It is certified if the exposure of each canary was decided by its own fair coin. Otherwise both sides are
    cut to the size of the smaller one (by hash), and the coin is named as an assumption. The same happens
    if the counts are such that a fair coin gives them once in two million times.
    """
    check_delta(delta)
    return _bound(
        rows, lambda t, e: steinke_epsilon(t, error=e, delta=delta), "one-run", confidence, delta, randomised
    )


def one_run_fdp(
    rows: Rows,
    *,
    confidence: float = 0.95,
    delta: float = 1e-5,
    randomised: bool = False,
    curve: Literal["dp", "gaussian"] = "dp",
) -> EpsilonBound:
    """The bound of Mahloujifar, Melis and Chaudhuri (2025), which tests a whole trade-off curve.

    With `curve="dp"` the tested curves are those of (epsilon, delta)-privacy, and the bound is certified
    under the same condition as `one_run`. With `curve="gaussian"` the curves of mu-GDP are tested. The
    epsilon of the largest refuted mu is tighter and never certified, because it bounds only mechanisms whose
    curve is Gaussian. For randomised response, whose curve is far from Gaussian, it would be wrong.
    """
    check_delta(delta)
    if curve == "dp":
        return _bound(
            rows,
            lambda t, e: fdp_epsilon(t, error=e, delta=delta),
            "one-run f-DP",
            confidence,
            delta,
            randomised,
        )
    found = _bound(
        rows,
        lambda t, e: gaussian_epsilon(fdp_mu(t, error=e), delta=delta),
        "one-run f-DP, mu-GDP",
        confidence,
        delta,
        randomised,
    )
    both = "; ".join(filter(None, [t(GAUSSIAN), found.assumption]))
    return EpsilonBound(found.low, found.ceiling, found.method, delta, confidence, False, both)


@lru_cache(maxsize=1024)  # the ceilings of all attacks on one release are the same
def steinke_epsilon(tally: Tally, *, error: float, delta: float) -> float:
    """The largest epsilon under which this number of right guesses has a p-value of at most `error`.

    With q = e^eps / (1 + e^eps) and B ~ Bin(r, q), the p-value is P[B >= v] + 2 m delta alpha, where alpha
    is the largest of (P[B >= v - i] - P[B >= v]) / i for 1 <= i <= v [Steinke et al. 2023, theorem 5.2].
    """
    v, r, m = tally.right, tally.guesses, tally.canaries

    def rejected(epsilon: float) -> bool:
        q = 1 / (1 + exp(-epsilon))
        p = float(binomial_tail(v, r, q))
        if p <= error and delta > 0:  # the second term is slow, and a p-value above the error needs none
            p += 2 * m * delta * _steepest(v, r, q)
        return p <= error

    return largest(rejected, most=700) if v else 0.0  # exp overflows beyond 709


def _steepest(v: int, r: int, q: float) -> float:
    """The maximum over i of P[v - i <= B < v] / i: the highest mean of B's probabilities left of v.

    The mean rises until the window extends as far below the mode as v is above it. The search therefore
    covers only that window and some standard deviations more.
    """
    reach = 2 * max(0, v - int(r * q)) + 12 * isqrt(r) + 12
    k = np.arange(v - 1, max(-1, v - 1 - reach), -1, dtype=np.float64)
    mass = np.exp(log_binomial(r, k) + k * np.log(q) + (r - k) * np.log1p(-q)) if q < 1 else np.zeros(len(k))
    return float((np.cumsum(mass) / np.arange(1, len(k) + 1)).max())


@lru_cache(maxsize=1024)
def fdp_epsilon(tally: Tally, *, error: float, delta: float) -> float:
    """The largest epsilon whose (epsilon, delta) trade-off curve is refuted by these right guesses."""

    def rejected(epsilon: float) -> bool:
        up, down = exp(epsilon), exp(-epsilon)
        return _refuted(tally, error, lambda x: max(0.0, down * (x - delta), 1 - delta - up * (1 - x)))

    return largest(rejected, most=700)


@lru_cache(maxsize=1024)
def fdp_mu(tally: Tally, *, error: float) -> float:
    """The largest mu whose Gaussian trade-off curve is refuted by these right guesses."""
    quantile = NormalDist().inv_cdf  # on single numbers much faster than the special functions on arrays

    def rejected(mu: float) -> bool:
        return _refuted(
            tally, error, lambda x: x if x <= 0 or x >= 1 else 0.5 * erfc((mu - quantile(x)) / sqrt(2))
        )

    return largest(rejected, most=700)


def _refuted(tally: Tally, error: float, shrunk: Callable[[float], float]) -> bool:
    """Whether this number of right guesses has probability below `error` if the curve holds.

    `shrunk(x)` is the least probability, with the record out, of an event that has probability x with the
    record in. Source: Mahloujifar et al. (2025), algorithm 3 for two guesses for each canary. If the tail had
    mass `error`, `right` and `wrong` would bound the probabilities of right and wrong guesses from below.
    Their sum cannot exceed `most`; if it does, the curve is refuted.
    """
    c, guesses, most = tally.right, tally.guesses, tally.guesses / tally.canaries
    right, wrong = error * c / tally.canaries, error * (guesses - c) / tally.canaries
    for i in range(c - 1, -1, -1):
        raised = max(wrong, shrunk(right))
        if raised == wrong or right + wrong > most:
            break  # neither bound changes any more, or the contradiction is reached
        right = min(1.0, right + i / (guesses - i) * (raised - wrong))
        wrong = raised
    return right + wrong > most


def tallies(rows: Rows) -> list[tuple[Tally, float]]:
    """The right guesses of each plan that suits the number of canaries, with its share of the error.

    Ties are broken by the hash of the target, which is independent of its exposure.
    """
    canaries = len(rows)
    fits = [plan for plan in PLAN if plan[0] == 1 or plan[0] * canaries >= FEWEST]
    total = sum(weight for _, _, weight in fits)  # the weights of the plans left out are shared again
    rising = rows.exposed[np.lexsort((rows.unit, rows.claims))]
    return [
        (_tally(rising, min(round(share * canaries), MOST), ends), weight / total)
        for share, ends, weight in fits
    ]


def _tally(rising: Bools, guesses: int, ends: Ends) -> Tally:
    top = guesses if ends == "top" else (guesses + 1) // 2  # an odd guess goes to the sure members
    said_in, said_out = rising[len(rising) - top :], rising[: guesses - top]
    right = int(np.count_nonzero(said_in)) + int(np.count_nonzero(~said_out))
    return Tally(right, guesses, len(rising))


def _bound(
    rows: Rows, formula: Formula, method: str, confidence: float, delta: float, randomised: bool
) -> EpsilonBound:
    error = 1 - check_confidence(confidence)
    by_coin = randomised and _fair(rows.exposed)
    # Without a coin a right guess has probability 1/2 only if both sides are equally large.
    canaries = rows if by_coin else rows.balanced()
    low, ceiling = (
        max((formula(tally, share * error) for tally, share in tallies(r)), default=0.0)
        for r in (canaries, canaries.perfect())
    )
    return EpsilonBound(low, ceiling, method, delta, confidence, by_coin, "" if by_coin else _not_by_coin())


def _fair(exposed: Bools) -> bool:
    """Whether a fair coin can have given these counts; wrong once in two million for a fair coin."""
    # Five standard deviations of a binomial with p = 1/2, which are half the square root of n.
    return abs(2 * int(exposed.sum()) - len(exposed)) <= 5 * sqrt(len(exposed)) + 1
