"""The privacy loss of Confident-GNMax for the votes that were cast (Papernot et al. 2018, theorem 6).

Where nearly all teachers agree, one of them changes nearly nothing, and the loss is far below what noise
alone promises. But such a loss is a function of the private votes. It is one number for the holder of the
records, *not for publication*, and stands beside the promise, which holds for any votes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.budget import Budget
from confide.mechanisms.learn.dpsgd.renyi import ORDERS, at_delta

MOVED = 2
"""How much one moved vote narrows the gap between two counts, at most."""


@dataclass(frozen=True, slots=True, repr=False)
class DataDependent:
    """The epsilon of the votes that were cast, beside the promise: for the holder of the records alone.

    It is computed from the votes: published, it would tell how far the teachers agree, which one person may
    change. Wherever the number can be read it is called not for publication; `PublishLoss` releases a bound
    on it under noise, which may be published and costs a budget of its own.

    Args:
        unpublishable_epsilon: of these votes, at the promise's delta.
        promise: what holds for any votes, and may be published.

    >>> DataDependent(1.97, Budget(4.7, 1e-5))
    epsilon 1.97 of these votes, NOT FOR PUBLICATION; the promise is epsilon 4.7, delta 1e-05, hiding any
    one record
    """

    unpublishable_epsilon: float
    promise: Budget

    def __str__(self) -> str:
        return (
            f"epsilon {self.unpublishable_epsilon:.3g} of these votes, NOT FOR PUBLICATION; the promise is "
            f"{self.promise}"
        )

    def __repr__(self) -> str:
        return str(self)


def unpublishable_epsilon(counts: Ints, *, threshold: int, check: int, answer: int, delta: float) -> float:
    """The epsilon, at delta, between these votes and any that differ in one teacher, in both directions.

    It is a function of the votes, and so not for publication.

    *Statement.* For the votes with these counts, and any with one teacher's vote of each record moved,
    P[transcript] of one is at most e^epsilon times that of the other plus delta, both ways round.

    *Proof.* Given the votes, queries are independent, but that the last answer ends them. So at each order
    the Renyi divergences add up to at most the sum over all queries that may be asked, `renyi_of_query`. From
    that sum epsilon follows at each order (Canonne, Kamath, Steinke 2020), and every order is valid.

    Args:
        counts: of all public records that may be looked at, int64[m, C].
        threshold, check, answer: of the mechanism; the last two are the deviations of the noise.
        delta: of the promise.
    """
    if not len(counts):
        return 0.0
    different, times = np.unique(np.sort(counts, axis=1), axis=0, return_counts=True)
    total = times @ renyi_of_query(different, threshold=threshold, check=check, answer=answer)
    return max(float((total + at_delta(delta)).min()), 0.0)


def renyi_of_query(counts: Ints, *, threshold: int, check: int, answer: int, orders: Ints = ORDERS) -> Floats:
    """The Renyi divergence of one query for these votes, in both directions, float64[m, orders].

    A check passes with a chance p that follows from the largest count, and with one vote moved with a chance
    p' between those of one more and one less. A passed check is followed by an answer, whose divergence is at
    most R. So the a-th moment of the ratio is at most p^a p'^(1 - a) e^((a - 1) R) + (1 - p)^a
    (1 - p')^(1 - a), which is convex in p', and so is largest at an end; the other direction is the same with
    p and p' exchanged, and convex too.

    Args:
        counts: int64[m, C].
        threshold, check, answer: as of `unpublishable_epsilon`.
        orders: above 1.
    """
    of_answer = renyi_of_answer(log_outvoted(counts, answer, moved=MOVED), answer, orders)
    return renyi_with_check(counts.max(axis=1), of_answer, threshold=threshold, check=check, orders=orders)


def renyi_with_check(
    most: Ints, of_answer: Floats, *, threshold: int, check: int, orders: Ints = ORDERS
) -> Floats:
    """The Renyi divergence of a check and of the answer after it, in both directions, float64[m, orders].

    Args:
        most: the largest count of each query, int64[m].
        of_answer: the divergence R of its answer; what is found rises with it.
        threshold, check: as of `unpublishable_epsilon`.
        orders: above 1.
    """
    a = orders.astype(np.float64)
    after = (a - 1) * of_answer
    found = np.zeros_like(after)
    here = _passes(most, threshold, check)
    for step in (-1, 1):
        there = _passes(most + step, threshold, check)
        for p, other in ((here, there), (there, here)):
            passed = a * p[0][:, None] - (a - 1) * other[0][:, None] + after
            failed = a * p[1][:, None] - (a - 1) * other[1][:, None]
            found = np.maximum(found, np.logaddexp(passed, failed) / (a - 1))
    return found


def renyi_of_answer(log_q: Floats, sigma: int, orders: Ints = ORDERS) -> Floats:
    """The Renyi divergence of an answer that is not the likely one with chance q at most, float64[m, orders].

    *Statement (theorem 6).* Let a mechanism have divergences e1 at order u1 and e2 at order u2, for any
    neighbours in both directions, and an outcome that it misses with chance q at most for these votes. For
    a <= u1 and 1 < u2 its divergence from any neighbour's at order a is at most

        ln((1 - q) A^(a - 1) + q B^(a - 1)) / (a - 1),  A = (1 - q) / (1 - (q e^e2)^((u2 - 1) / u2)),
        B = e^e1 / q^(1 / (u1 - 1)),  where q <= e^((u2 - 1) e2) / (u1 u2 / ((u1 - 1) (u2 - 1)))^u2.

    *Proof.* The neighbour misses it with a chance of at most (q e^e2)^((u2 - 1) / u2), by e2; so the ratio at
    the outcome is at most A. At the others Jensen's inequality brings the (a - 1)-th moment down from the
    (u1 - 1)-th, which e1 bounds. The last condition makes the sum rise with q.

    Here e(u) = u / sigma^2, as a moved vote is sqrt(2) long, at any real order. u2 = sigma sqrt(ln(1/q)) and
    u1 = u2 + 1, or a if that is more, are nearly the best; where the condition fails, it is a / sigma^2.

    Args:
        log_q: logarithms of q, float64[m].
        sigma: the deviation of the noise on each count.
        orders: a, above 1.
    """
    a, log_q = orders.astype(np.float64)[None], np.minimum(log_q, -1e-300)[:, None]
    whatever = np.broadcast_to(a / sigma**2, (len(log_q), a.shape[1]))
    u2 = sigma * np.sqrt(-log_q)
    u1 = np.maximum(u2 + 1, a)
    with np.errstate(all="ignore"):  # where the condition fails, numbers mean nothing and are not taken
        e1, e2 = u1 / sigma**2, u2 / sigma**2
        allowed = (u2 - 1) * e2 - u2 * (np.log(u1 / (u1 - 1)) + np.log(u2 / (u2 - 1)))
        missed = (u2 - 1) / u2 * (log_q + e2)
        stay = np.log1p(-np.exp(log_q))
        log_a, log_b = stay - np.log1p(-np.exp(missed)), e1 - log_q / (u1 - 1)
        found = np.logaddexp(stay + (a - 1) * log_a, log_q + (a - 1) * log_b) / (a - 1)
    fine = (u2 > 1) & (log_q <= allowed) & (missed < 0) & np.isfinite(found)
    return np.where(fine, np.minimum(found, whatever), whatever)


def log_outvoted(counts: Ints, sigma: int, *, moved: int = 0) -> Floats:
    """The logarithm of a bound on the chance that noise makes another class win or draw level, float64[m].

    It is the sum over all other classes of the chance that the noise closes the gap (proposition 7). The
    difference of two discrete Gaussians of deviation s >= 16 is one of deviation sqrt(2) s, up to a factor of
    1 + 10^-135 by Poisson's summation.

    Args:
        counts: int64[m, C].
        sigma: of the noise on each count.
        moved: by which every gap may be smaller, for all votes that are one moved vote away.
    """
    ordered = np.sort(counts, axis=1)
    gaps = ordered[:, -1:] - ordered[:, :-1] - moved
    return np.minimum(np.logaddexp.reduce(log_tail(gaps, math.sqrt(2) * sigma), axis=1), 0.0)


def log_tail(least: Ints, sigma: float) -> Floats:
    """The logarithm of the chance that discrete Gaussian noise is `least` or more, of the same shape.

    >>> bool(np.isclose(np.exp(log_tail(np.array([0]), 20.0))[0], 0.5 + 0.5 / (20 * math.sqrt(2 * math.pi))))
    True
    """
    low, high = int(least.min()), max(int(least.max()), 0) + math.ceil(FAR * sigma)
    k = np.arange(low, high + 1)
    logs = -(k**2) / (2 * sigma**2) - math.log(sigma * math.sqrt(2 * math.pi))
    tails = np.logaddexp.accumulate(logs[::-1])[::-1]
    return np.minimum(tails[least - low], 0.0)


FAR = 40
"""Deviations after which a tail is cut: what is lost is a share of e^-700 of it."""


def _passes(most: Ints, threshold: int, check: int) -> tuple[Floats, Floats]:
    """The logarithms of the chances that a check passes and that it does not."""
    return log_tail(threshold - most, check), log_tail(most - threshold + 1, check)
