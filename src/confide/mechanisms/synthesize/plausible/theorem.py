"""Bindschaedler, Shokri, Gunter (VLDB 2017), theorem 1: what test 2 promises of a record."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import binom

from confide.core.errors import PromiseError
from confide.mechanisms.synthesize.plausible.privacy_test import PrivacyTest

UP = 1 + 1e-12
"""Numbers of a promise are rounded up by this factor, which is more than float64 loses on the way."""


@dataclass(frozen=True, slots=True)
class RecordPromise:
    """What is promised of one record that is released: of one seed, one record made from it, one test.

    *Statement.* A run draws a seed evenly from n seeds and a record from the seed, and releases the record if
    the test passes. For seeds that differ by one record, and every set S of records, P[F(D) in S] <=
    e^epsilon P[F(D') in S] + delta, with epsilon = epsilon0 + ln(1 + gamma / t) and delta = exp(-epsilon0 (k
    - t)), for every whole t with 1 <= t < k.

    *Proof.* D' has the record d' more than D. For a record y, d' falls into one bucket j, and c seeds of D
    are in it. All other buckets add the same to n P[F(D) = y] and to (n + 1) P[F(D') = y].
    (1) The bucket's chance to pass moves by a factor of at most e^epsilon0, as the count moves by one and the
    noise is a whole number Z with P(z) <= e^epsilon0 P(z + 1) and the other way round. (Of seeds that are
    looked at only in part, the same part is drawn, with d' perhaps in another's place: counts still move by
    one.)
    (2) If c >= t, the sum of the bucket's probabilities grows by a factor of at most 1 + gamma / c.
    (3) If c < t, at most t seeds are plausible, and the bucket passes at most with the chance of Z <= t - k.
    For discrete noise it is exp(-epsilon0 (k - t)) / (1 + exp(-epsilon0)); summed over all y, this is below
    delta.
    (4) n + 1 over n is at most 1 + gamma / t for n >= t; for n < t everything is (3).

    *What it leaves out.* S is of records. That a run failed is no record, and is not covered: somebody unlike
    all others makes a run fail with a chance of 1 / n that never failed before, which is more than delta. So
    failed runs must not be seen, nor how many there were (`counted` shows none).

    Args:
        t: as it says.
        epsilon: as it says.
        delta: as it says.
    """

    t: int
    epsilon: float
    delta: float


def at(test: PrivacyTest, t: int) -> RecordPromise:
    """The theorem for one t.

    Raises:
        PromiseError: if the test has no noise, or t is not from 1 to k - 1.

    >>> found = at(PrivacyTest(k=50, gamma=4.0, epsilon0=1.0), 10)
    >>> round(found.epsilon, 3), f"{found.delta:.1e}"
    (1.336, '4.2e-18')
    """
    if test.epsilon0 is None:
        raise PromiseError("the test without noise promises no differential privacy: give epsilon0.")
    if not 1 <= t < test.k:
        raise PromiseError(f"t is {t}: give a whole number from 1 to {test.k - 1}, below k.")
    epsilon = test.epsilon0 + math.log1p(test.gamma / t)
    return RecordPromise(t, epsilon * UP, math.exp(-test.epsilon0 * (test.k - t)) * UP)


def best(test: PrivacyTest, delta: float) -> RecordPromise:
    """The least epsilon within a delta: epsilon falls with t, and delta rises.

    Raises:
        PromiseError: if no t is within it.

    >>> best(PrivacyTest(k=50, gamma=4.0, epsilon0=1.0), 1e-9).t
    29
    """
    if test.epsilon0 is None:
        raise PromiseError("the test without noise promises no differential privacy: give epsilon0.")
    t = math.floor(test.k + math.log(delta) / test.epsilon0) + 1
    while t >= 1 and (t >= test.k or at(test, t).delta > delta):
        t -= 1
    if t < 1:
        raise PromiseError(
            f"a record with k {test.k} and epsilon0 {test.epsilon0:g} keeps no delta of {delta:g}: give a k "
            f"of {math.ceil(-math.log(delta) / test.epsilon0) + 2} or more, or a larger epsilon0."
        )
    return at(test, t)


def composed(test: PrivacyTest, *, runs: int, delta: float) -> float:
    """What the theorem alone promises of many runs together: an epsilon, the least over every t.

    *Statement.* n runs that are (e, d)-private each are together (epsilon, 1 - (1 - d)^n (1 -
    delta'))-private with epsilon = e (2x - n), where x is a number that a binomial number of n and e^e / (1 +
    e^e) exceeds with a chance of delta' at most.

    *Proof.* Kairouz, Oh and Viswanath 2015: of all such mechanisms randomised response is the worst, also
    when runs are chosen by what was seen. Its privacy loss is e for each right answer and -e for each wrong
    one.

    Runs that fail would have to be covered too, which the theorem does not (see `RecordPromise`): so this is
    the least that composing it could give. For the 39,073 rows of a table it is above 23,000: nothing. What
    such a table does promise must be found from how it was made
    (`confide.mechanisms.synthesize.plausible.counting`).

    Raises:
        PromiseError: if no t is within delta.

    >>> round(composed(PrivacyTest(), runs=39_073, delta=1e-9), -3)
    26000.0
    """
    least = math.inf
    for t in range(1, best(test, delta / max(runs, 1)).t + 1):
        each = at(test, t)
        left = delta * (1 - 1e-9) - runs * each.delta
        if left > 0:
            right = 1 / (1 + math.exp(-each.epsilon))
            # One more than the quantile, in case that it is rounded.
            exceeded = min(int(binom.isf(left, runs, right)) + 1, runs)
            least = min(least, max(2 * exceeded - runs, 0) * each.epsilon * UP)
    return least
