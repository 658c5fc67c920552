"""Power: the largest epsilon that an audit of a given size can show, computed before it is run.

A perfect attack is never wrong. The bound that it proves is the ceiling for every other attack. Under a low
ceiling "nothing was found" only means that nothing could have been found.
"""

from __future__ import annotations

import numpy as np

from confide.measure.epsilon import gaussian_epsilon, gaussian_mu, two_world_epsilon
from confide.measure.one_run import Tally, fdp_epsilon, steinke_epsilon
from confide.measure.thresholds import Counts


def two_world_ceiling(exposed: int, control: int, *, confidence: float = 0.95, delta: float = 0.0) -> float:
    """The ceiling for this many worlds with and without the record, at one threshold fixed before.

    `Split(1/2)` reports on half of each; `Bonferroni(k)` reports on all, at an error divided by k.

    >>> round(two_world_ceiling(1000, 1000), 2)
    5.6
    """
    found = _perfect(exposed, control)
    return float(two_world_epsilon(found, error=1 - confidence, delta=delta)[0])


def gaussian_ceiling(exposed: int, control: int, *, confidence: float = 0.95, delta: float = 1e-5) -> float:
    """The ceiling for this many rows under the mu-GDP hypothesis, at one threshold fixed before."""
    mu = float(gaussian_mu(_perfect(exposed, control), error=1 - confidence)[0])
    return gaussian_epsilon(mu, delta=delta)


def one_run_ceiling(
    guesses: int, *, canaries: int | None = None, confidence: float = 0.95, delta: float = 0.0
) -> float:
    """The ceiling for this many guesses, all right, about the canaries of one run [Steinke et al. 2023].

    At delta = 0 it is ln(x / (1 - x)) with x = (1 - confidence)^(1 / guesses).

    >>> round(one_run_ceiling(1000), 2)
    5.81
    """
    tally = Tally(guesses, guesses, canaries or guesses)
    return steinke_epsilon(tally, error=1 - confidence, delta=delta)


def one_run_fdp_ceiling(
    guesses: int, *, canaries: int | None = None, confidence: float = 0.95, delta: float = 0.0
) -> float:
    """The same ceiling for the bound of Mahloujifar et al. (2025), on (epsilon, delta) trade-off curves."""
    tally = Tally(guesses, guesses, canaries or guesses)
    return fdp_epsilon(tally, error=1 - confidence, delta=delta)


def _perfect(exposed: int, control: int) -> Counts:
    none = np.array([0])
    return Counts(np.array([exposed]), exposed, none, control, none)
