"""Conformance of a private training: does each step do what was accounted for?

A bound on epsilon needs many canaries to see a fault. Where the steps themselves are shown, far smaller ones
are seen: who was sampled, what was added up, and which noise was added have laws that are known exactly. Each
test states its law, what was seen, and how large a fault it finds nine times out of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.measure.special import binomial_tail, chi_square_cdf, normal_cdf, normal_quantile

ERROR = 1e-3
"""The probability that any test of a sound training fails."""
EXACT = 1e-3
"""What single precision may differ by, as a share; exact things are held to it."""
FOUND = 1.2816
"""Deviations beyond its limit at which nine of ten are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One test of a training against its plan.

    Args:
        name: what is tested.
        seen, promised: in the unit of the test.
        p: the probability of at least this deviation in a sound training; 0 or 1 for what is exact.
        finds: the smallest deviation of `seen` that is found nine times of ten; 0 for what is exact.
        fault: what a failure means, in words.
        failed: whether it failed, corrected for all tests.
    """

    name: str
    seen: float
    promised: float
    p: float
    finds: float
    fault: str
    failed: bool = False


def sampling(batches: Sequence[Ints], *, records: int, rate: float) -> list[Check]:
    """Tests of Poisson sampling: each record in each batch by its own coin.

    Args:
        batches: of each step, the positions of its records.
        records: how many there are.
        rate: the probability that was accounted for.

    >>> rng = np.random.default_rng(0)
    >>> sound = [np.flatnonzero(rng.random(500) < 0.1) for _ in range(200)]
    >>> [check.p > 1e-3 for check in sampling(sound, records=500, rate=0.1)]
    [True, True, True, True]
    >>> shuffled = [part for _ in range(20) for part in rng.permutation(500).reshape(10, 50)]
    >>> [check.p > 1e-3 for check in sampling(shuffled, records=500, rate=0.1)]
    [True, False, False, False]
    """
    steps, q = len(batches), rate
    total, var = sum(map(len, batches)), steps * records * q * (1 - q)
    checks = [
        Check(
            name="share of records in a batch",
            seen=total / (steps * records),
            promised=q,
            p=_two_sided(
                1 - float(binomial_tail(total + 1, steps * records, q)),
                float(binomial_tail(total, steps * records, q)),
            ),
            finds=_found(sqrt(var) / (steps * records)),
            fault="batches are larger or smaller than the rate that was accounted for",
        )
    ]
    if q == 1:
        return checks
    sizes = np.array([len(b) for b in batches], np.float64)
    spread = float(((sizes - records * q) ** 2).sum() / (records * q * (1 - q)))
    checks.append(
        Check(
            name="variance of batch sizes, as a multiple of the binomial one",
            seen=spread / steps,
            promised=1.0,
            p=_two_sided(chi_square_cdf(spread, steps)),
            finds=_found(sqrt(2 / steps)),
            fault="batches have a fixed size, or records come in together: this is no Poisson sampling",
        )
    )
    counts = np.bincount(np.concatenate(batches), minlength=records).astype(np.float64)
    each = steps * q * (1 - q)
    # The variance of a squared binomial deviation: 2 + the excess kurtosis.
    deviation = sqrt((2 + (1 - 6 * q * (1 - q)) / each) / records)
    checks.append(
        _normal(
            "variance of how often each record came, as a multiple of the binomial one",
            float(((counts - steps * q) ** 2).mean() / each),
            1.0,
            deviation,
            "records take turns, or some come more often than others: the steps are not independent",
        )
    )
    if steps > 1:
        again = sum(len(np.intersect1d(a, b)) for a, b in pairwise(batches))
        pairs = (steps - 1) * records
        var = records * ((steps - 1) * q**2 * (1 - q**2) + 2 * (steps - 2) * (q**3 - q**4))
        checks.append(
            _normal(
                "share of records that come twice in a row",
                again / pairs,
                q**2,
                sqrt(var) / pairs,
                "who is in a batch depends on the batch before",
            )
        )
    return checks


def noise(
    *,
    parameters: int,
    steps: int,
    squares: float,
    fourths: float,
    neighbours: float,
    successive: float,
    total: Floats,
) -> list[Check]:
    """Tests of Gaussian noise: its deviation, its shape, and independence over coordinates and steps.

    Args:
        parameters, steps: how many there are.
        squares, fourths, neighbours, successive: sums over all of the noise, in promised deviations.
        total: float64[parameters], the noise summed over steps.
    """
    n = parameters * steps
    checks = [
        Check(
            name="deviation of the noise, as a multiple of the promised one",
            seen=sqrt(squares / n),
            promised=1.0,
            p=_two_sided(chi_square_cdf(squares, n)) if n < 1e6 else _both(squares / n - 1, sqrt(2 / n)),
            finds=_found(sqrt(1 / (2 * n))),
            fault="there is more or less noise than was accounted for",
        ),
        _normal(
            "fourth power of the noise, as a multiple of the normal one",
            fourths / (3 * n),
            1.0,
            sqrt(96 / n) / 3,
            "the noise is not normal",
        ),
    ]
    if parameters > 1:
        checks.append(
            _normal(
                "correlation of neighbouring coordinates' noise",
                neighbours / ((parameters - 1) * steps),
                0.0,
                1 / sqrt((parameters - 1) * steps),
                "one draw is used for several coordinates",
            )
        )
    if steps > 1:
        checks.append(
            _normal(
                "correlation of one step's noise with the next one's",
                successive / (parameters * (steps - 1)),
                0.0,
                1 / sqrt(parameters * (steps - 1)),
                "noise is used again in the next step",
            )
        )
        whole = float(total @ total) / steps
        checks.append(
            Check(
                name="deviation of the noise summed over steps, as a multiple of the promised one",
                seen=sqrt(whole / parameters),
                promised=1.0,
                p=_two_sided(chi_square_cdf(whole, parameters)),
                finds=_found(sqrt(1 / (2 * parameters))),
                fault="the noise of different steps is not independent: it is used again, or cancels out",
            )
        )
    return checks


def fresh(first: Floats, other: Floats) -> Check:
    """A test that two trainings draw different noise: the correlation of their first steps' noise."""
    n = min(len(first), len(other))
    lengths = float(np.linalg.norm(first[:n]) * np.linalg.norm(other[:n]))
    seen = float(first[:n] @ other[:n]) / lengths if lengths else 1.0
    return _normal(
        "correlation of two trainings' first noise",
        seen,
        0.0,
        1 / sqrt(n),
        "the noise comes from a seed that is the same each time: who knows it takes it off",
    )


def exact(name: str, seen: Array | Sequence[float] | float, promised: float, fault: str) -> Check | None:
    """A test of what has no chance in it: the worst of what was seen; None where nothing was shown.

    >>> exact("steps", 10, 10, "more steps than were accounted for").p
    1.0
    >>> exact("steps", 40, 10, "more steps than were accounted for").p
    0.0
    """
    values = np.atleast_1d(np.asarray(seen, np.float64))
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    worst = float(values[np.argmax(np.abs(values - promised))])
    right = abs(worst - promised) <= EXACT * max(abs(promised), 1.0)
    return Check(name=name, seen=worst, promised=promised, p=float(right), finds=0.0, fault=fault)


def at_most(name: str, seen: Array | Sequence[float] | float, promised: float, fault: str) -> Check:
    """A test that nothing is above what was promised."""
    worst = float(np.max(seen)) if np.size(seen) else 0.0
    right = worst <= promised * (1 + EXACT)
    return Check(name=name, seen=worst, promised=promised, p=float(right), finds=0.0, fault=fault)


def judged(checks: Sequence[Check]) -> tuple[Check, ...]:
    """All tests, each with its ruling: together they fail a sound training once in 1 / `ERROR` times."""
    chance = sum(bool(c.finds) for c in checks)
    return tuple(replace(c, failed=not c.p >= ERROR / max(chance, 1)) for c in checks)


def _normal(name: str, seen: float, promised: float, deviation: float, fault: str) -> Check:
    """A test of what is nearly normal around its promise."""
    p = _both(seen - promised, deviation)
    return Check(name=name, seen=seen, promised=promised, p=p, finds=_found(deviation), fault=fault)


def _both(off: float, deviation: float) -> float:
    return 2 * float(normal_cdf(-abs(off) / deviation)) if deviation else float(off == 0)


def _two_sided(below: float, above: float | None = None) -> float:
    return min(1.0, 2 * min(below, 1 - below if above is None else above))


def _found(deviation: float) -> float:
    """The deviation from the promise that is found nine times of ten, with eight more tests beside it."""
    return deviation * (FOUND - float(normal_quantile(ERROR / 18)))
