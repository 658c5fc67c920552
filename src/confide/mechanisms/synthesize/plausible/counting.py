"""What a whole table made from seeds promises: the exact cost of the counts that it shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import binom

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import PromiseError
from confide.mechanisms.noise.words import Words, below
from confide.mechanisms.synthesize.plausible.privacy_test import PrivacyTest

SLOTS = 16
"""Each seed has this many chances for each time it is tried on average."""
MEANINGFUL = 10.0
"""A promise above this epsilon is none: odds of 1 to 20,000 may become even."""
WHOLE = 1 << 40
"""Chances are whole multiples of one in this many."""
SLACK = 1e-6
"""By which a delta is reached early, and epsilon rounded up: far more than SciPy's binomials are wrong."""
LARGEST = 2_000.0
"""Of epsilon, where the search ends: nothing is promised there."""


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a seed is tried: a binomial number of `slots` and `chance`.

    Who sees the table never learns how often, because failed tries are not shown and the number of seeds is
    not either. That a seed is tried a random number of times hides one seed among those like it.

    Args:
        slots: how many chances each seed has.
        chance: of each.
    """

    slots: int
    chance: float

    @classmethod
    def on_average(cls, tries: float) -> Tries:
        """The numbers for an average of this many tries of each seed.

        >>> Tries.on_average(0.5)
        Tries(slots=16, chance=0.03125)
        """
        slots = SLOTS * math.ceil(tries)
        # Rounded to what is drawn exactly.
        return cls(slots, max(round(tries / slots * WHOLE), 1) / WHOLE)

    def drawn(self, n: int, words: Words) -> Ints:
        """How often each of n seeds is tried, int64[n]."""
        line = int(self.chance * WHOLE)
        found = np.zeros(n, np.int64)
        for _ in range(self.slots):
            found += below(WHOLE, n, words) < line
        return found


def pass_chance(test: PrivacyTest, plausible: Ints) -> Floats:
    """P[plausible >= k + Z], and 0 where no seed is: float64 of the same shape."""
    assert test.epsilon0 is not None
    over = (plausible - test.k).astype(np.float64)
    below = np.exp(test.epsilon0 * np.minimum(over, 0)) / (1 + math.exp(-test.epsilon0))
    above = 1 - np.exp(-test.epsilon0 * (np.maximum(over, 0) + 1)) / (1 + math.exp(-test.epsilon0))
    return np.where(plausible > 0, np.where(over < 0, below, above), 0.0)


@lru_cache(maxsize=256)
def of_table(test: PrivacyTest, tries: Tries, delta: float) -> float:
    """The least epsilon of a whole table within a delta; `inf` above 2,000.

    *Statement.* Seeds are tried as `Tries` says, all of them are looked at, and a record shows what its seed
    has in the kept columns. The records that passed, in random order, are (epsilon, delta)-differentially
    private for one seed more or less.

    *Proof.* Seeds that agree on the kept columns form a group. How many records of a group are released is
    binomial, of c slots and chance p(c), where c is how many seeds are in it, and p(c) the chance to pass:
    noise is drawn for each try. Groups are independent, and all other columns are drawn from the group
    by a public network. One seed more changes one group, from c to c + 1, and nothing else: the number of
    seeds is not used. So the loss is that between binomials of (c slots, chance p(c)) and ((c + 1) slots,
    chance p(c + 1)), for the worst c. Their ratio rises with the number seen, so the worst set for an epsilon
    is all numbers above some, or below. Every c is tried from where a group of c + 1 releases anything with a
    chance of delta / 4 up to where p(c) is 1 but for a millionth of delta. Beyond, as if it were 1: there a
    larger group is a smaller one with other numbers added to both sides, and hides more. What that changes is
    added to delta.

    Args:
        test: with noise, which looks at all seeds.
        tries: of each seed.
        delta: as it says.

    Raises:
        PromiseError: if the test promises nothing of a table.

    >>> round(of_table(PrivacyTest(k=50, epsilon0=1.0), Tries.on_average(1), 1e-9), 1)
    55.7
    """
    if test.epsilon0 is None or test.checked is not None:
        raise PromiseError("only a test with noise that looks at every seed promises anything of a table.")
    mean = tries.slots * tries.chance
    # Groups so small that hardly ever a record of them is released cost no more than that chance.
    first = max(test.k - math.ceil(math.log(4 * mean * test.k / delta + 4) / test.epsilon0), 0)
    last = test.k + math.ceil(math.log(1e6 * mean * (test.k + 100 / test.epsilon0) / delta) / test.epsilon0)
    last = max(last, test.k + math.ceil(1 / test.epsilon0))
    groups = np.arange(first, last + 1)
    chances = pass_chance(test, np.arange(first, last + 2)) * tries.chance
    worst = _Pairs(groups * tries.slots, chances[:-1], (groups + 1) * tries.slots, chances[1:])
    # c e^-(epsilon0 (c - k)) falls from 1 / epsilon0 on, which is before `last`.
    beyond = 2 * mean * (last + 2) * math.exp(-test.epsilon0 * (last - test.k))
    certain = _Pairs(
        groups[-1:] * tries.slots,
        np.array([tries.chance]),
        (groups[-1:] + 1) * tries.slots,
        np.array([tries.chance]),
    )
    low, high = 0.0, LARGEST
    for _ in range(34):
        middle = (low + high) / 2
        found = float(np.maximum(worst.delta(middle), certain.delta(middle) + beyond))
        low, high = (low, middle) if found <= delta * (1 - SLACK) else (middle, high)
    return math.inf if high == LARGEST else high * (1 + SLACK)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Binomial laws of groups without a seed, and with it."""

    slots: Ints
    chance: Floats
    slots_with: Ints
    chance_with: Floats

    def delta(self, epsilon: float) -> float:
        """The largest P(S) - e^epsilon Q(S) over all pairs, both directions and all sets."""
        more = self._first(lambda x: self._log_ratio(x) > epsilon)
        less = self._first(lambda x: self._log_ratio(x) >= -epsilon)
        seen = self._above(more, with_it=True) - _times(epsilon, self._above(more, with_it=False))
        missed = self._below(less, with_it=False) - _times(epsilon, self._below(less, with_it=True))
        # NumPy's maximum, because it keeps a NaN: then nothing is promised.
        return float(np.maximum(seen, missed).max())

    def _above(self, x: Ints, *, with_it: bool) -> Floats:
        return np.asarray(binom.sf(x - 1, *self._law(with_it)), np.float64)

    def _below(self, x: Ints, *, with_it: bool) -> Floats:
        return np.asarray(binom.cdf(x - 1, *self._law(with_it)), np.float64)

    def _law(self, with_it: bool) -> tuple[Ints, Floats]:
        return (self.slots_with, self.chance_with) if with_it else (self.slots, self.chance)

    def _log_ratio(self, x: Ints) -> Floats:
        """ln P[x with the seed] / P[x without it], +inf where it cannot be without."""
        possible = x <= self.slots
        at = np.minimum(x, self.slots)
        ratio = binom.logpmf(at, *self._law(True)) - binom.logpmf(at, *self._law(False))
        return np.where(possible, ratio, np.inf)

    def _first(self, holds: Callable[[Ints], Bools]) -> Ints:
        """The least number of each pair for which it holds, as it does for all larger ones."""
        low, high = np.zeros_like(self.slots), self.slots + 1
        while (low < high).any():
            middle = (low + high) // 2
            true = holds(middle)
            low, high = np.where(true, low, np.minimum(middle + 1, high)), np.where(true, middle, high)
        return low


def _times(epsilon: float, chances: Floats) -> Floats:
    """e^epsilon times chances, also where the factor alone is no float64."""
    with np.errstate(divide="ignore"):
        return np.exp(np.minimum(epsilon + np.log(chances), 700))
