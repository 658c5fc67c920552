"""Agarwal, Suresh, Yu, Kumar, McMahan: cpSGD (NeurIPS 2018), binomial noise, for joint computations.

Every party, a helper too, adds to each number the ones among N fair coins, less N/2. What h honest parties
add is the ones among M = h N coins, less M/2: exactly, for any h.

*Statement.* Let Y be that sum, F its distribution function and Phi the normal one, and
1/s = max of Phi^-1(F(t)) - Phi^-1(F(t - 1)) over whole numbers t with |t| <= r. While at most `colluding`
of the parties share what they saw, their own noise included, all opened vectors together are as private for
a record of any other party, added or removed, as with normal noise of deviation s, up to
`lost` = T words (P(Y <= B - r) + P(Y > r)) more in delta. B bounds how far a record moves a vector in whole
steps, in the Euclidean norm, and T is the number of vectors.

*Proof.* Of one number that is moved by k, 0 < k <= B, keep of Y's law P the part P' on a < y <= r, a = B - r,
and let Q be the law of Y + k. P(y) / Q(y) falls with y, so that sum of (P' - c Q)+ is, for some t in a..r,
F(t) - F(a) - c (F(t - k) - F(a - k)), or 0. Let it be above 0: then c < P(a + 1) / Q(a + 1), which is at most
each P(y) / Q(y) for y <= a, so that c F(a - k) <= F(a). It is then at most F(t) - c F(t - k). By the choice
of s, F(t - k) >= Phi(Phi^-1(F(t)) - k/s): it is at most what the test Z <= Phi^-1(F(t)) says of normal noise
of deviation s that is moved by k. So each sum of (P' - c Q)+ is at most that of the normal pair; so is that
of products of such laws, chosen by what was opened before (Zhu, Dong, Wang 2022, theorem 10, whose proof
needs no P' of mass 1). Together they are one normal number that is moved by B sqrt(T). `lost` bounds what
was not kept. Y is symmetric, so that k < 0 is the same. Its moments follow: s^2 gives rho = T B^2 / (2 s^2),
with delta `lost`, as `account/filters.py` needs it.

The paper's own bound (theorem 1) is a sum of inequalities; this one is computed from F, and s^2 differs from
the variance of Y by less than a hundredth where the budget is a usual one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.mechanisms.noise.gaussian import gaussian_delta, gaussian_sigma
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.noise.words import BITS, MOST, Words
from confide.mechanisms.share.joint.noise import NoiseTerms

MOST_COINS = 2**31
"""Of one party in all vectors together: a quarter of a gigabyte of random bits, a second or two."""
FINE = 200
"""Steps in the sensitivity for each step that rounding to the grid may move it: finer ones gain little."""
LOST = 1e-3
"""The share of delta that is spent on what the normal noise does not speak of."""
ROUNDING = 1e-6
"""By which s is lowered: far more than float64 loses in the differences of quantiles."""
REACH = 14
"""Deviations of Y that are looked at on either side: beyond them is less than 10^-40."""
_ONES = np.array([bin(number).count("1") for number in range(2**16)], np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins:
    """Whole numbers that the promise is made of.

    Args:
        steps: of the grid in a unit, a power of two.
        moved: how far a record moves a vector at most, in steps.
        words: of 62 coins each, that one party throws for a number.
        deviation: s, of the normal noise that hides as much, in steps.
        lost: of delta, in all vectors together.
    """

    steps: float
    moved: int
    words: int
    deviation: float
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BinomialNoise(NoiseTerms):
    """Binomial noise in shares, of which the honest parties alone carry the budget.

    The arguments are those of `NoiseTerms`.

    Raises:
        PromiseError: if no such noise keeps the budget, or it takes too many random bits.

    >>> noise = BinomialNoise(budget=Budget(1.0, 1e-6), sensitivity=1.0, words=10, parties=3, colluding=1)
    >>> 5 < noise.deviation < 7  # of the opened sum; a trusted curator would add 4.2
    True
    """

    def __post_init__(self) -> None:
        self.refuse()
        _ = self.coins

    @property
    def coins(self) -> Coins:
        """The coins of one party."""
        return _coins(self.budget, self.sensitivity, self.off, self.words, self.honest, self.times)

    @property
    def steps(self) -> float:
        """Of the grid in a unit."""
        return self.coins.steps

    @property
    def widest(self) -> int:
        """The largest absolute value of one party's noise, in steps."""
        return self.coins.words * BITS // 2

    @property
    def deviation(self) -> float:
        """The deviation of the noise on each number of an opened vector."""
        return math.sqrt(self.parties * self.coins.words * BITS) / 2 / self.coins.steps

    @property
    def rho(self) -> float:
        """Of all opened vectors together, beside `lost`, for a ledger; rounded up."""
        coins = self.coins
        return self.times * (coins.moved / coins.deviation) ** 2 / 2 * (1 + 1e-9)

    @property
    def lost(self) -> float:
        """The delta beside `rho`."""
        return self.coins.lost

    def drawn(self, *, noise: Noise = "secure", rng: Rng | None = None) -> Ints:
        """One party's noise on one vector in steps: int64[words]."""
        return binomial(self.words, words_each=self.coins.words, words=words_of(noise, rng))


def binomial(n: int, *, words_each: int, words: Words) -> Ints:
    """n whole numbers, each the ones among 62 `words_each` fair coins less half of them, exactly.

    >>> from confide.mechanisms.noise.words import rehearsal_words
    >>> noise = binomial(10_000, words_each=2, words=rehearsal_words(np.random.default_rng(0)))
    >>> bool(abs(noise.mean()) < 0.3), bool(abs(noise.var() - 31) < 3)
    (True, True)
    """
    found = np.full(n, -(words_each * BITS // 2), np.int64)
    at_once = max(1, MOST // n)
    for start in range(0, words_each, at_once):
        part = min(at_once, words_each - start)
        for place in range(0, n, MOST):
            some = min(MOST, n - place)
            ones = _ONES[words(some * part).view(np.uint16)].reshape(some, -1)
            found[place : place + some] += ones.sum(1, dtype=np.int64)
    return found


def below(coins: int) -> tuple[Floats, Floats]:
    """P(Y = t) and P(Y <= t) at t = 0, -1, -2 and so on, for the ones among coins, less half.

    Args:
        coins: an even number.

    >>> below(2)[1].tolist()
    [0.75, 0.25]
    """
    half = coins // 2
    down: Array = np.arange(min(half, math.ceil(3 * REACH * math.sqrt(coins) / 2)), dtype=np.float64)
    log = np.cumsum(np.log1p(-(2 * down + 1) / (half + down + 1)))
    chance = np.exp(np.concatenate([[0.0], log]))
    tail = np.cumsum(chance[::-1])[::-1]
    whole = 2 * tail[0] - chance[0]
    return chance / whole, tail / whole


def hidden(coins: int, *, moved: int, lost: float) -> tuple[float, float]:
    """s, and what is lost of delta a number, by the statement.

    Args:
        coins: M, even.
        moved: B.
        lost: that may be lost.

    Returns:
        s, 0 where there are too few coins to hide the move; and what is lost.
    """
    _, tail = below(coins)
    least = int(np.searchsorted(-tail, -lost / 2))  # the first with no more than half of it
    reach = least + moved
    if reach + 1 >= len(tail):
        return 0.0, 1.0
    quantiles = np.asarray(ndtri(tail[: reach + 1]), np.float64)
    # Differences at t and -t are equal, as Y is symmetric.
    slope = float((quantiles[:-1] - quantiles[1:]).max())
    return (1 - ROUNDING) / slope, float(tail[least] + tail[reach + 1]) * (1 + ROUNDING)


@lru_cache(maxsize=256)
def _coins(budget: Budget, sensitivity: float, off: float, words: int, honest: int, times: int) -> Coins:
    multiplier = gaussian_sigma(budget, sensitivity=math.sqrt(times))
    finest = math.ceil(math.log2(FINE * math.sqrt(words) / sensitivity))
    for power in range(finest, finest - 8, -1):
        moved = math.ceil((sensitivity + 2 * off * math.sqrt(words)) * 2.0**power + math.sqrt(words))
        guess = 4 * (multiplier * moved) ** 2 / honest / BITS
        if guess * BITS * words * times > MOST_COINS:
            continue
        each = _fewest(budget, moved=moved, numbers=words * times, honest=honest, times=times, guess=guess)
        deviation, lost = hidden(each * BITS * honest, moved=moved, lost=LOST * budget.delta / words / times)
        return Coins(
            steps=2.0**power, moved=moved, words=each, deviation=deviation, lost=lost * words * times
        )
    raise PromiseError(
        f"binomial noise on {words:,} numbers in {times:,} vectors takes each party more than "
        f'{MOST_COINS:,} random bits: leave noise = "binomial" out, or give more epsilon.'
    )


def _fewest(budget: Budget, *, moved: int, numbers: int, honest: int, times: int, guess: float) -> int:
    """Words of coins that keep the budget, and one fewer does not; bisected from a guess on."""

    def keeps(each: int) -> bool:
        coins = each * BITS * honest
        deviation, lost = hidden(coins, moved=moved, lost=LOST * budget.delta / numbers)
        if not deviation:
            return False
        shift = moved * math.sqrt(times)
        delta = gaussian_delta(budget.epsilon, sigma=deviation, sensitivity=shift)
        return delta * (1 + 1e-9) + lost * numbers <= budget.delta

    low, high = int(guess * 0.9), math.ceil(guess) + 1
    if low and keeps(low):
        low = 0
    while not keeps(high):
        low, high = high, math.ceil(high * 1.05) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(middle) else (middle, high)
    return high
