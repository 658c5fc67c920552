"""Fieller: Some Problems in Interval Estimation (Journal of the Royal Statistical Society B, 1954).

Intervals of noisy statistics. An interval for the noise alone holds the statistic of these very data. One
with sampling error holds what the statistic is of in general, where rows are independent draws from a large
population, and their number is one too. It is inverted as a test: a number is in it if noise and sampling, as
they would be if it were the true one, explain what was seen. The sampling error that was seen would not do:
of few rows it is too small where few came, and the interval would end before the truth. All of it is made
from noisy numbers and so costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.mechanisms.statistics.laws import LEVEL, Law, Term
from confide.mechanisms.statistics.noisy_sums import NoisySums

LIKELY = 0.8
"""Of the variance on whose upper end a mean rests. By that of 95 % means are covered in 98 % and more. By the
variance as it was seen they are covered in 69 % where large values are rare."""
_HALVINGS = 30
_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Interval:
    """Two ends for each cell, float64[cells]; NaN where nothing can be said."""

    low: Floats
    high: Floats

    def map(self, rising: Callable[[Floats], Floats]) -> Interval:
        """Both ends through a function that does not fall."""
        return Interval(rising(self.low), rising(self.high))


@dataclass(frozen=True, slots=True)
class Cells:
    """One statistic of all groups, float64[cells] each; NaN where nothing can be said.

    Args:
        value: the statistic.
        noise: the interval for the noise alone.
        both: the interval for noise and sampling error.
    """

    value: Floats
    noise: Interval
    both: Interval

    def map(self, rising: Callable[[Floats], Floats]) -> Cells:
        """The value and all ends through a function that does not fall."""
        return Cells(rising(self.value), self.noise.map(rising), self.both.map(rising))

    @property
    def five(self) -> Floats:
        """Value, ends for the noise, and ends with sampling error: float64[cells, 5]."""
        noise, both = self.noise, self.both
        return np.column_stack([self.value, noise.low, noise.high, both.low, both.high])


def of_sum(found: NoisySums, variance: Callable[[Floats], Floats] | None, *, jump: float = 1.0) -> Cells:
    """The intervals of one sum, in its own steps; the one for the noise is exact.

    Args:
        found: the sum of each cell.
        variance: of its sampling error, from what the sum is in general; None where nothing is known of it.
        jump: the most that one row, or one person with all their rows, adds.
    """
    noisy, width = found.numbers, found.half_width(LEVEL)
    noise = Interval(noisy - width, noisy + width)
    if variance is None:
        return Cells(noisy, noise, Interval(np.full(len(noisy), np.nan), np.full(len(noisy), np.nan)))

    def accepted(general: Floats) -> Bools:
        return Law.of([found.term()], variance(general)).explains(noisy - general, jump=jump)

    ends = (_farthest(noisy, noisy + side * (width + jump), accepted) for side in (-1, 1))
    return Cells(noisy, noise, Interval(*ends))


def of_total(
    found: NoisySums, low: float, high: float, *, each: float = 1.0, rows: Interval | None = None
) -> Cells:
    """The intervals of a sum of values between bounds, in its own steps; a count is one of values 1.

    Where rows come by chance, one at a time, their number is Poisson, and the variance of the sum is the
    expected sum of squares. Between the bounds x^2 <= (low + high) x - low high. For bounds 0 and 1 that is
    reached: the variance of a count is its mean.

    Args:
        found: the sum of each cell.
        low, high: bounds of each value.
        each: rows of one person, which may all be equal: the variance is up to this many times as large.
        rows: how many there may be; None where that is not known. Then the sampling error is known for bounds
            on one side of 0 alone.
    """
    corner: Floats | float = 0.0
    if rows is not None:
        # The number of rows with which the variance is the larger one.
        corner = low * high * (rows.high if low < 0 < high else np.maximum(rows.low, 0))
    elif low < 0 < high:
        return of_sum(found, None)
    else:
        low, high = min(low, 0.0), max(high, 0.0)

    def variance(general: Floats) -> Floats:
        return each * np.maximum((low + high) * general - corner, 0)

    return of_sum(found, variance, jump=each * max(abs(low), abs(high)))


def _farthest(inside: Floats, first: Floats, accepted: Callable[[Floats], Bools]) -> Floats:
    """The farthest number that is accepted on this side of `inside`: by doubling, then by halving."""
    bad = first
    for _ in range(_DOUBLINGS):
        if not (more := accepted(bad)).any():
            break
        bad = np.where(more, inside + 2 * (bad - inside), bad)
    return _between(inside, bad, accepted)


def _between(inside: Floats, end: Floats, accepted: Callable[[Floats], Bools]) -> Floats:
    """The farthest number towards `end` that is accepted, by halving; the end itself if that is."""
    good, bad, at_end = inside, end, accepted(end)
    for _ in range(_HALVINGS):
        middle = (good + bad) / 2
        well = accepted(middle)
        good, bad = np.where(well, middle, good), np.where(well, bad, middle)
    return np.where(at_end, end, bad)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """A statistic as the quotient of two noisy numbers, inverted as a test (Fieller 1954).

    A number q is in the interval if the error of `top - q below` is not too small to explain what was seen.
    As the law of this error is known for each q, the interval holds the true one as often as it says, also
    where the number of rows is small.

    Args:
        top, below: float64[cells], noisy.
        error: the noise of `top - q below`, from q.
        sampling: the variance of the sampling error of `top - q below`, from q.
        jump: the most by which one row moves `top - q below`, from q; 0 where it goes in no jumps.
        low, high: float64[cells], the bounds that the quotient has.
    """

    top: Floats
    below: Floats
    error: Callable[[Floats], Sequence[Term]]
    sampling: Callable[[Floats], Floats]
    jump: Callable[[Floats], Floats]
    low: Floats
    high: Floats

    @property
    def value(self) -> Floats:
        """The quotient, within its bounds; NaN where too few rows seem to be."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.below > 0, np.clip(self.top / self.below, self.low, self.high), np.nan)

    @property
    def cells(self) -> Cells:
        """The quotient with both intervals."""
        return Cells(self.value, self.interval(sampling=False), self.interval(sampling=True))

    def interval(self, *, sampling: bool, level: float = LEVEL) -> Interval:
        """The quotients that explain what was seen; from bound to bound where too few rows seem to be."""
        value, none = self.value, np.zeros(len(self.top))
        middle = np.where(np.isnan(value), (self.low + self.high) / 2, value)

        def accepted(q: Floats) -> Bools:
            chance, jump = (self.sampling(q), self.jump(q)) if sampling else (none, 0.0)
            stray = self.top - q * self.below
            return Law.of(self.error(q), chance).explains(stray, jump=jump, level=level)

        ends = (
            np.where(self.below > 0, _between(middle, end, accepted), end) for end in (self.low, self.high)
        )
        return Interval(*ends)


def mean_of(
    total: NoisySums,
    number: NoisySums,
    low: float,
    high: float,
    *,
    each: float = 1.0,
    spread: Quotient | None = None,
) -> Quotient:
    """A mean as the quotient of a sum and a number of rows.

    The sampling error is at most that of the largest variance of values between the bounds with this mean
    (Bhatia, Davis 2000), which shares of yes and no have: then it goes in jumps, too.

    Args:
        total, number: the noisy sums.
        low, high: bounds of each value, and so of the mean.
        each: rows of one person, which may all be equal.
        spread: the variance of the values, where it is known: what is likely of it counts then.
    """
    rows = each * np.maximum(number.numbers, 1)
    cells = np.ones(len(rows))
    likely = np.inf if spread is None else spread.interval(sampling=True, level=LIKELY).high

    def most(mean: Floats) -> Floats:
        return np.maximum((mean - low) * (high - mean), 0)

    return Quotient(
        top=total.numbers,
        below=number.numbers,
        error=lambda mean: [total.term(), number.term(mean)],
        sampling=lambda mean: rows * np.minimum(most(mean), likely),
        jump=lambda mean: np.where(most(mean) <= likely, each * (high - low), 0.0),
        low=low * cells,
        high=high * cells,
    )


def variance_of(
    squares: NoisySums, total: NoisySums, number: NoisySums, low: float, high: float, *, each: float = 1.0
) -> Quotient:
    """A sample variance from three noisy sums, counted from the middle of the bounds.

    The noise of the squared sum is that of its first order: terms of the second are below noise / number of
    it. The variance is at most that of values at both bounds (Popoviciu 1935). The fourth moment of values
    between bounds, which the sampling error has, is at most the variance times the farthest square.

    Args:
        squares, total, number: the noisy sums.
        low, high: bounds of each value, from the middle too.
        each: rows of one person, which may all be equal.
    """
    n = np.maximum(number.numbers, 2.0)
    mean = np.clip(total.numbers / n, low, high)
    far = np.maximum(mean - low, high - mean) ** 2
    return Quotient(
        top=squares.numbers - total.numbers**2 / n,
        below=number.numbers - 1,
        error=lambda general: [squares.term(), total.term(2 * mean), number.term(mean**2 - general)],
        sampling=lambda general: each * n * np.maximum(general * (far - general), 0),
        jump=lambda _: each * far,
        low=np.zeros(len(n)),
        high=(high - low) ** 2 / 4 * n / (n - 1),
    )
