"""Reconstruction robustness: how often any adversary can rebuild a record, by the promise alone.

An adversary knows all records but one, and what is common in the population (the prior). Without the release
its best single guess hits the target with probability kappa. With a release whose trade-off curve is f, no
reconstruction hits with more than 1 - f(kappa): a reconstruction that hits is a test between "this record was
in" and "it was not", whose false alarms are the hits of chance (Balle, Cherubin, Hayes 2022, Theorem 2;
Hayes, Mahloujifar, Balle 2023, for the Gaussian curve). The proof needs the released model with and without
the target, so the unit is one record more or less; what counts as a hit may be any set, such as "within this
distance".
"""

from __future__ import annotations

import math

from confide.core.errors import PromiseError
from confide.measure.special import normal_cdf, normal_quantile


def success_bound(*, mu: float, prior: float) -> float:
    """Bound the success of any reconstruction under mu-Gaussian differential privacy.

    It is Phi(Phi^-1(kappa) + mu), where kappa is the success of chance.

    Args:
        mu: of the promise: sensitivity over deviation of the noise, for one Gaussian mechanism. 0 promises
            that nothing is learnt, `inf` promises nothing.
        prior: kappa, how often the best guess without the release is a hit, in [0, 1].

    Raises:
        PromiseError: for a mu below 0, or a prior outside [0, 1].

    >>> round(success_bound(mu=1.0, prior=0.01), 4), success_bound(mu=0.0, prior=0.25)
    (0.0924, 0.25)
    """
    _need_mu(mu)
    _need_share("prior", prior)
    # At 0 and 1 the quantile is infinite, and inf - inf is no number.
    if prior in (0.0, 1.0) or mu == 0:
        return float(prior)
    if math.isinf(mu):
        return 1.0
    return float(normal_cdf(float(normal_quantile(prior)) + mu))


def success_bound_of_budget(*, epsilon: float, delta: float, prior: float) -> float:
    """Bound the success of any reconstruction under (epsilon, delta)-differential privacy.

    It is 1 - f(kappa) of the weakest curve that such a promise allows: min(1, e^epsilon kappa + delta, 1 -
    e^-epsilon (1 - delta - kappa)). Where the mechanism's own curve is known, that gives less.

    Args:
        epsilon, delta: of the promise.
        prior: kappa, how often the best guess without the release is a hit, in [0, 1].

    Raises:
        PromiseError: for an epsilon below 0, or a delta or prior outside [0, 1].

    >>> round(success_bound_of_budget(epsilon=1.0, delta=0.0, prior=0.01), 4)
    0.0272
    """
    if not epsilon >= 0:  # refuses NaN too
        raise PromiseError(f"epsilon is {epsilon}: give a number of at least 0.")
    _need_share("delta", delta)
    _need_share("prior", prior)
    # Above 700 e^epsilon leaves the range of float64, and promises nothing any more.
    first = 1.0 if epsilon > 700 else math.exp(epsilon) * prior + delta
    second = 1 - math.exp(-epsilon) * max(1 - delta - prior, 0.0)
    return min(1.0, max(min(first, second), prior))


def most_mu(*, success: float, prior: float) -> float:
    """Find the largest mu under which no reconstruction succeeds more often than this.

    Args:
        success: the success that is allowed, in [0, 1].
        prior: kappa, how often the best guess without the release is a hit, in [0, 1].

    Returns:
        mu; `inf` where any is allowed.

    Raises:
        PromiseError: if chance alone succeeds as often, so that no promise keeps it.

    >>> round(most_mu(success=0.0924, prior=0.01), 2)
    1.0
    """
    _need_share("success", success)
    _need_share("prior", prior)
    if success == 1 or prior == 0:
        return math.inf
    if success < prior:
        raise PromiseError(
            f"chance alone succeeds with {prior:.3g}, so no promise keeps the success at {success:.3g}: "
            "allow more, or call less a success."
        )
    return float(normal_quantile(success)) - float(normal_quantile(prior))


def _need_mu(mu: float) -> None:
    if not mu >= 0:  # refuses NaN too
        raise PromiseError(f"mu is {mu}: give a number of at least 0.")


def _need_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise PromiseError(f"{name} is {value}: give a number from 0 to 1.")
