"""Prefix sums with noise: how the noise of one round is made up for in the next.

Prefix sums are released as `B (C x + noise)`, with `B C` the matrix of prefix sums: each row of C is a sum of
some rounds' vectors that is published with normal noise, and all prefix sums are computed from these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import PromiseError

Add: TypeAlias = Callable[[Floats], Floats]
"""Adds fresh noise to a sum."""


@dataclass(frozen=True, slots=True)
class Participation:
    """A participation rule: who takes part may come again only after `separation` rounds or more.

    Args:
        separation: rounds from one participation of a client to its next, at least.
        most: how often a client takes part in the whole run, at most.
    """

    separation: int
    most: int

    def __post_init__(self) -> None:
        if self.separation < 1 or self.most < 1:
            raise PromiseError(
                f"separation is {self.separation} and most {self.most}: give 1 or more of both."
            )

    @classmethod
    def of(cls, rounds: int, *, separation: int) -> Participation:
        """That of a run whose clients come again as soon as they may.

        >>> Participation.of(10, separation=4)
        Participation(separation=4, most=3)
        """
        return cls(separation, max(1, math.ceil(rounds / max(separation, 1))))


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What the server keeps of earlier rounds.

    Args:
        rounds: how many there were.
        sums: their vectors, or sums of them; as secret as updates.
        shown: noisy sums or increments, that everybody may know.
    """

    rounds: int = 0
    sums: tuple[Floats, ...] = ()
    shown: tuple[Floats, ...] = ()


class PrefixSums(Protocol):
    """A way to release the prefix sums of vectors, one a round."""

    name: ClassVar[str]
    """Its name in the literature."""

    def check(self, rule: Participation) -> None:
        """Refuse a rule for which no sensitivity is known.

        Raises:
            PromiseError: with what to change.
        """
        ...

    def sensitivity(self, rounds: int, rule: Participation) -> float:
        """How far one client moves all noised sums together, if each of its vectors has length 1 at most."""
        ...

    def noised_sums(self, rounds: int, rule: Participation) -> int:
        """In how many of the noised sums one client is at most."""
        ...

    def begin(self, size: int) -> Memory:
        """The memory before the first round, of vectors of this size."""
        ...

    def next(self, memory: Memory, vector: Floats, add: Add) -> tuple[Floats, Memory]:
        """What the prefix sum grows by in this round, with noise; and what is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Tree:
    """Tree aggregation adds noise to the sums of 1, 2, 4, ... rounds (Dwork et al. 2010; Chan et al. 2011).

    After round t the prefix sum is the sum of one noisy node for each binary digit of t that is 1, so that it
    has the noise of about log2(t) / 2 draws. A node is made only if some prefix sum uses it.

    *Sensitivity.* A vector of round i is in one node at most of each size. Of k participations that are
    separated by s rounds a node of 2^l rounds has at most min(k, ceil(2^l / s)), and all nodes of that size
    together k. So squares add up to at most k times the sum over l of min(k, ceil(2^l / s)).

    >>> round(Tree().sensitivity(7, Participation(separation=7, most=1)) ** 2)  # nodes of 1, 2 and 4 rounds
    3
    """

    name: ClassVar[str] = "tree aggregation"

    def check(self, rule: Participation) -> None:
        """Every rule is allowed."""

    def sensitivity(self, rounds: int, rule: Participation) -> float:
        """The root of k times the most participations in a node of each size, added up."""
        k, s = rule.most, rule.separation
        return math.sqrt(k * sum(min(k, -(-(2**level) // s)) for level in range(rounds.bit_length())))

    def noised_sums(self, rounds: int, rule: Participation) -> int:
        """A node of each size for each participation."""
        return rule.most * rounds.bit_length()

    def begin(self, size: int) -> Memory:
        """No node."""
        return Memory(0, (), ())

    def next(self, memory: Memory, vector: Floats, add: Add) -> tuple[Floats, Memory]:
        """The node that ends with this round, less the smaller nodes that it takes the place of."""
        number, plain, shown = memory.rounds + 1, list(memory.sums), list(memory.shown)
        node, replaced = vector, np.zeros_like(vector)
        # Ones at the end of the number of earlier rounds are nodes that this one completes.
        for _ in range((number & -number).bit_length() - 1):
            node, replaced = node + plain.pop(), replaced + shown.pop()
        noisy = add(node)
        return noisy - replaced, Memory(number, (*plain, node), (*shown, noisy))


@dataclass(frozen=True, slots=True)
class Banded:
    """Banded matrix factorisation correlates the noise of up to `bands` rounds (Choquette-Choo et al. 2023).

    C is lower triangular and Toeplitz, with the first coefficients of the square root of the matrix of prefix
    sums, 1, 1/2, 3/8, ... (Fichtenberger, Henzinger, Upadhyay 2023), and 0 from `bands` on. A round's noised
    sum is that of the vectors of `bands` rounds, weighted so; increments follow by solving for them.

    *Sensitivity.* Participations that are at least `bands` rounds apart are in different rows of C. So the
    squared lengths of their columns add up: k times the sum of the squared coefficients. Where clients come
    again earlier no such sum holds, and the rule is refused.

    Args:
        bands: of C; 1 is independent noise in each round.

    >>> Banded(3).coefficients.tolist()
    [1.0, 0.5, 0.375]
    """

    name: ClassVar[str] = "banded matrix factorisation"
    bands: int

    def __post_init__(self) -> None:
        if self.bands < 1:
            raise PromiseError(f"bands is {self.bands}: give 1 or more.")

    @property
    def coefficients(self) -> Floats:
        """Those of a column of C, float64[bands]."""
        k: Floats = np.arange(1, self.bands, dtype=np.float64)
        rest = np.cumprod((2 * k - 1) / (2 * k))
        return np.concatenate([np.ones(1), rest]).astype(np.float64)

    def check(self, rule: Participation) -> None:
        """Clients must stay away for as many rounds as there are bands."""
        if rule.separation < self.bands:
            raise PromiseError(
                f"clients come again after {rule.separation} rounds, and noise is correlated over "
                f"{self.bands}: give {rule.separation} bands or fewer, or a larger separation."
            )

    def sensitivity(self, rounds: int, rule: Participation) -> float:
        """The root of k squared lengths of a column."""
        self.check(rule)
        return math.sqrt(rule.most) * float(np.linalg.norm(self.coefficients[:rounds]))

    def noised_sums(self, rounds: int, rule: Participation) -> int:
        """As many rounds as there are bands for each participation."""
        return rule.most * min(self.bands, rounds)

    def begin(self, size: int) -> Memory:
        """No round."""
        return Memory(0, (), ())

    def next(self, memory: Memory, vector: Floats, add: Add) -> tuple[Floats, Memory]:
        """The increment that, weighted with those before, is the noised sum."""
        c = self.coefficients
        weighted = vector.copy()
        for weight, earlier in zip(c[1:], memory.sums, strict=False):
            weighted += weight * earlier
        increment = add(weighted)
        for weight, earlier in zip(c[1:], memory.shown, strict=False):
            increment = increment - weight * earlier
        # The newest first, and no more than the bands reach.
        sums = (vector, *memory.sums)[: self.bands - 1]
        shown = (increment, *memory.shown)[: self.bands - 1]
        return increment, Memory(memory.rounds + 1, sums, shown)
