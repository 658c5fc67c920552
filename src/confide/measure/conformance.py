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
from confide.core.language import t
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
    if q == 1:  # nothing is left to chance: every record is in every batch
        return _whole(total, steps * records)
    checks = [
        Check(
            name=t("share of records in a batch"),
            seen=total / (steps * records),
            promised=q,
            p=_two_sided(
                1 - float(binomial_tail(total + 1, steps * records, q)),
                float(binomial_tail(total, steps * records, q)),
            ),
            finds=_found(sqrt(var) / (steps * records)),
            fault=t("batches are larger or smaller than the rate that was accounted for"),
        )
    ]
    sizes = np.array([len(b) for b in batches], np.float64)
    checks.append(
        _squares(
            t("variance of batch sizes, as a multiple of the binomial one"),
            float(((sizes - records * q) ** 2).mean() / (records * q * (1 - q))),
            sqrt(_squared_binomial(records, q) / steps),
            t("batches have a fixed size, or records come in together: this is no Poisson sampling"),
        )
    )
    counts = np.bincount(np.concatenate(batches), minlength=records).astype(np.float64)
    checks.append(
        _squares(
            t("variance of how often each record came, as a multiple of the binomial one"),
            float(((counts - steps * q) ** 2).mean() / (steps * q * (1 - q))),
            sqrt(_squared_binomial(steps, q) / records),
            t("records take turns, or some come more often than others: the steps are not independent"),
        )
    )
    if steps > 1:
        again = sum(len(np.intersect1d(a, b)) for a, b in pairwise(batches))
        pairs = (steps - 1) * records
        var = records * ((steps - 1) * q**2 * (1 - q**2) + 2 * (steps - 2) * (q**3 - q**4))
        checks.append(
            Check(
                name=t("share of records that come twice in a row"),
                seen=again / pairs,
                promised=q**2,
                p=_counted(again, pairs * q**2, var),
                finds=_found(sqrt(var) / pairs),
                fault=t("who is in a batch depends on the batch before"),
            )
        )
    return checks


def _whole(total: int, of: int) -> list[Check]:
    """The test of full batches, which leave nothing to chance."""
    return [
        Check(
            name=t("share of records in a batch"),
            seen=total / of,
            promised=1.0,
            p=float(total == of),
            finds=0.0,
            fault=t("batches are not the whole data that was accounted for"),
        )
    ]


def _squared_binomial(n: int, q: float) -> float:
    """The variance of a squared deviation of Bin(n, q), in variances: 2 + the excess kurtosis."""
    return 2 + (1 - 6 * q * (1 - q)) / (n * q * (1 - q))


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
            name=t("deviation of the noise, as a multiple of the promised one"),
            seen=sqrt(squares / n),
            promised=1.0,
            p=_two_sided(chi_square_cdf(squares, n)) if n < 1e6 else _both(squares / n - 1, sqrt(2 / n)),
            finds=_found(sqrt(1 / (2 * n))),
            fault=t("there is more or less noise than was accounted for"),
        ),
        _squares(
            t("fourth power of the noise, as a multiple of the normal one"),
            fourths / (3 * n),
            sqrt(96 / n) / 3,
            t("the noise is not normal"),
        ),
    ]
    if parameters > 1:
        checks.append(
            _normal(
                t("correlation of neighbouring coordinates' noise"),
                neighbours / ((parameters - 1) * steps),
                0.0,
                1 / sqrt((parameters - 1) * steps),
                t("one draw is used for several coordinates"),
            )
        )
    if steps > 1:
        checks.append(
            _normal(
                t("correlation of one step's noise with the next one's"),
                successive / (parameters * (steps - 1)),
                0.0,
                1 / sqrt(parameters * (steps - 1)),
                t("noise is used again in the next step"),
            )
        )
        whole = float(total @ total) / steps
        checks.append(
            Check(
                name=t("deviation of the noise summed over steps, as a multiple of the promised one"),
                seen=sqrt(whole / parameters),
                promised=1.0,
                p=_two_sided(chi_square_cdf(whole, parameters)),
                finds=_found(sqrt(1 / (2 * parameters))),
                fault=t("the noise of different steps is not independent: it is used again, or cancels out"),
            )
        )
    return checks


def fresh(first: Floats, other: Floats) -> Check:
    """A test that two trainings draw different noise: the correlation of their first steps' noise."""
    n = min(len(first), len(other))
    lengths = float(np.linalg.norm(first[:n]) * np.linalg.norm(other[:n]))
    seen = float(first[:n] @ other[:n]) / lengths if lengths else 1.0
    return _normal(
        t("correlation of two trainings' first noise"),
        seen,
        0.0,
        1 / sqrt(n),
        t("the noise comes from a seed that is the same each time: who knows it takes it off"),
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


def _squares(name: str, seen: float, deviation: float, fault: str) -> Check:
    """A test of a mean of even powers around 1, by the gamma law with the same mean and variance.

    For squares of normal numbers that is their law. Where a few rare numbers decide, the normal law would
    call a sound training broken far too often.
    """
    shape = 1 / deviation**2
    p = _two_sided(chi_square_cdf(2 * shape * seen, 2 * shape))
    return Check(name=name, seen=seen, promised=1.0, p=p, finds=_found(deviation), fault=fault)


def _counted(seen: int, mean: float, variance: float) -> float:
    """The probability of a count so far from its mean: the larger one of the normal and a Poisson law.

    Rare counts are no normal numbers: of .05 expected, one would be nearly five deviations away. The Poisson
    law is stretched to the variance, as who comes twice in a row comes a third time more easily.
    """
    stretch = mean / variance
    count, rate = seen * stretch, mean * stretch
    # P[Poisson(rate) >= k] is that of a gamma number with shape k below the rate.
    above = chi_square_cdf(2 * rate, 2 * count) if seen else 1.0
    below = 1 - chi_square_cdf(2 * rate, 2 * (count + stretch))
    return max(_both(seen - mean, sqrt(variance)), _two_sided(below, above))


def _both(off: float, deviation: float) -> float:
    return 2 * float(normal_cdf(-abs(off) / deviation)) if deviation else float(off == 0)


def _two_sided(below: float, above: float | None = None) -> float:
    p = 2 * min(below, 1 - below if above is None else above)
    return 1.0 if p > 1 else p  # what is no number stays none, and fails: `min` would make it 1


def _found(deviation: float) -> float:
    """The deviation from the promise that is found nine times of ten, with eight more tests beside it."""
    return deviation * (FOUND - float(normal_quantile(ERROR / 18)))
