"""What the classes of a table say about a secret: l-diversity and t-closeness, from one matrix of counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import PromiseError

Kind: TypeAlias = Literal["distinct", "entropy", "recursive"]
SLACK = 1e-9
"""What sums of floats may be off."""


@dataclass(frozen=True, slots=True)
class Diversity:
    """l-diversity: no class has almost one value of the secret only.

    Args:
        l: how many values a class has at least (distinct); how many equally common values its entropy is
            worth at least (entropy); or from which value on the rarer ones count (recursive).
        kind: distinct; entropy, -sum p ln p >= ln l; or recursive, r1 < c (rl + ... + rm), where ri is the
            count of the i-th most common value.
        c: of the recursive kind.

    Raises:
        PromiseError: for l below 1, an l that is not whole where values are counted, or c not above 0.

    Source: Machanavajjhala et al., l-diversity: privacy beyond k-anonymity (2007), definitions 4.1 and 4.2.

    >>> Diversity.of("recursive:2,3")
    Diversity(l=3.0, kind='recursive', c=2.0)
    >>> Diversity.of("entropy:2").passes(np.array([[5, 5, 0], [9, 1, 0]])).tolist()
    [True, False]
    """

    l: float  # noqa: E741  (the name in the literature)
    kind: Kind = "distinct"
    c: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("distinct", "entropy", "recursive"):
            raise PromiseError(f"l-diversity of the kind {self.kind!r}: give distinct, entropy or recursive.")
        if not 1 <= self.l < np.inf or (self.kind != "entropy" and self.l != int(self.l)):
            raise PromiseError(f"l is {self.l:g} in {self.kind} l-diversity: give a whole number from 1 on.")
        if not 0 < self.c < np.inf:
            raise PromiseError(f"c is {self.c:g} in recursive l-diversity: give a number above 0.")

    @classmethod
    def of(cls, text: str) -> Diversity:
        """From text: 3, entropy:3, or recursive:2,3 for c = 2 and l = 3.

        Raises:
            PromiseError: for anything else.
        """
        kind, _, rest = text.rpartition(":")
        try:
            numbers = [float(part) for part in rest.split(",")]
        except ValueError:
            numbers = []
        if kind == "recursive" and len(numbers) == 2:
            return cls(numbers[1], "recursive", numbers[0])
        if kind in ("", "distinct", "entropy") and len(numbers) == 1:
            return cls(numbers[0], "entropy" if kind == "entropy" else "distinct")
        raise PromiseError(f"l-diversity {text!r}: write 3, entropy:3 or recursive:2,3 (c, then l).")

    def __str__(self) -> str:
        if self.kind == "recursive":
            return f"recursive ({self.c:g},{self.l:g})-diversity"
        return f"{self.kind} {self.l:g}-diversity"

    @property
    def grows(self) -> bool:
        """Whether a class that passes still does after any other is joined to it, one that fails too."""
        return self.kind == "distinct" or (self.l == 1 and self.kind == "entropy")

    def passes(self, counts: Array) -> Bools:
        """Whether each class passes, bool[c], from counts[c, s] of each value of the secret."""
        if self.kind == "distinct":
            return distinct(counts) >= self.l
        if self.kind == "entropy":
            return effective(counts) >= self.l * (1 - SLACK)
        return skew(counts, int(self.l)) < self.c


def distinct(counts: Array) -> Ints:
    """How many values of the secret each class has, int64[c], from counts[c, s]."""
    return (counts > 0).sum(axis=1)


def effective(counts: Array) -> Floats:
    """exp of the entropy of the secret in each class, float64[c]: 3 is worth three equally common values.

    >>> effective(np.array([[4, 4, 4], [7, 0, 0]])).round(9).tolist()
    [3.0, 1.0]
    """
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    share = counts / total
    return np.exp(-(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1))


def skew(counts: Array, l: int) -> Floats:  # noqa: E741
    """r1 / (rl + ... + rm) of each class, float64[c]; infinite where a class has fewer than l values.

    >>> skew(np.array([[6, 2, 1], [6, 0, 0]]), 2).tolist()
    [2.0, inf]
    """
    rising = np.sort(counts, axis=1)[:, ::-1]
    rest = rising[:, l - 1 :].sum(axis=1)
    return np.divide(rising[:, 0], rest, out=np.full(len(counts), np.inf), where=rest > 0)


def distance(counts: Array, whole: Array, *, ordered: bool) -> Floats:
    """The earth mover's distance of each class's secrets from those of all people, float64[c].

    Ordered values lie one step of 1/(s-1) apart; others are all at distance 1.

    Args:
        counts: of each class and value, [c, s].
        whole: of each value among all people, [s].
        ordered: whether the values have an order.

    Source: Li, Li, Venkatasubramanian, t-closeness (2007), section 4.

    >>> distance(np.array([[2, 0, 0]]), np.array([1, 1, 2]), ordered=True).tolist()
    [0.625]
    """
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    gap = counts / total - whole / whole.sum()
    if ordered:
        return np.abs(np.cumsum(gap, axis=1)[:, :-1]).sum(axis=1) / max(len(whole) - 1, 1)
    return np.abs(gap).sum(axis=1) / 2
