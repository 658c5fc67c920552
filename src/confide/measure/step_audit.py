"""Nasr et al.: Tight Auditing of Differentially Private Machine Learning (USENIX Security 2023); one step.

A canary is put into a step by a fair coin, and the noised sum along it is seen. Without it that is the noise,
with it the noise moved by the canary's clipped gradient. Under the Gaussian hypothesis the two differ in mu
deviations, and mu is what one step promises.
"""

from __future__ import annotations

from math import sqrt

from confide.core.arrays import Bools, Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.special import t_quantile

FEWEST = 20
"""Times in, and out, with fewer of which nothing is said."""


def mu_shown(signal: Floats, entered: Bools, *, confidence: float = 0.95) -> Estimate:
    """Estimate mu of one step: the difference of means, in deviations of the noise.

    The interval is that of a standardised difference of two normal samples (Hedges and Olkin 1985): its
    variance is 1/n + 1/m + mu^2 / 2(n + m), and the noise's deviation is taken from both samples together.
    It rests on the Gaussian hypothesis, and on steps whose noise is independent.

    Args:
        signal: float64[k], what was seen along canaries, over canaries and steps.
        entered: bool[k], whether the canary was in this step, by a fair coin.
        confidence: of the interval.

    Raises:
        EvidenceError: if canaries were too rarely in, or out.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> coins = rng.random(4_000) < 0.5
    >>> round(mu_shown(rng.standard_normal(4_000) * 2 + coins, coins).value, 1)  # 1 / 2
    0.5
    """
    inside, outside = signal[entered], signal[~entered]
    n, m = len(inside), len(outside)
    if min(n, m) < FEWEST:
        raise EvidenceError(
            f"canaries were put in {n} times and left out {m} times: audit more steps, or more canaries."
        )
    pooled = sqrt(((inside.var(ddof=1) * (n - 1)) + outside.var(ddof=1) * (m - 1)) / (n + m - 2))
    difference = float(inside.mean() - outside.mean())
    if pooled <= 1e-9 * max(abs(difference), 1e-300):
        return Estimate(float("inf"), float("inf"), float("inf"), confidence)
    value = difference / pooled
    width = float(t_quantile((1 + confidence) / 2, n + m - 2)) * sqrt(
        1 / n + 1 / m + value**2 / (2 * (n + m))
    )
    return Estimate(value, value - width, value + width, confidence)
