"""Reading back: what a release says in the values of the original, as an adversary takes it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.nouns import Rehearsal
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.table import Domain, Table

Ends = tuple[NDArray[np.int32], NDArray[np.int32]]
TINY = 1e-12
"""Instead of a chance of 0, of which no logarithm can be taken."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadBack:
    """Brings a release under the domains of its original, so that attacks compare values and not codes.

    It is what an adversary does with a release, and no protection: post-processing, which costs nothing. A
    column that is not in the release may stand for every value. Where the released column has other values:

    - a number is read as the nearest number of the original;
    - bits of unary encoding and RAPPOR are read as the likeliest value, by the chances of the mechanism;
    - text that the original has too is read as that;
    - other text, such as pseudonyms, is read by frequency: a pseudonym that no other one equals in its number
      of rows stands for the value of the same rank. Others may stand for every value.

    Args:
        domains: of the original.
        shares: of each value in the original, float64[m] for each column: the adversary of the frequency
            attack knows how common values are.
        parts: the mechanisms whose columns are bits.

    Source: Naveed, Kamara, Wright: Inference Attacks on Property-Preserving Encrypted Databases (CCS 2015)
    for the frequency attack.
    """

    domains: tuple[Domain, ...]
    shares: tuple[Floats, ...]
    parts: tuple[UnaryEncoding | Rappor, ...] = field(default=())

    @classmethod
    def to(cls, original: Table, parts: tuple[UnaryEncoding | Rappor, ...] = ()) -> ReadBack:
        """To the domains of a precise table."""
        counts = [
            np.bincount(c, minlength=len(d)) for d, c in zip(original.domains, original.low.T, strict=True)
        ]
        return cls(
            domains=original.domains, shares=tuple(c / max(len(original), 1) for c in counts), parts=parts
        )

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Rehearsal[Table]:
        """The release under the original's domains."""
        return Rehearsal(self.read(data), None, "ReadBack")

    def read(self, released: Table) -> Table:
        """The release under the original's domains."""
        if [d.digest() for d in released.domains] == [d.digest() for d in self.domains]:
            return released
        ends = [self._column(released, i) for i in range(len(self.domains))]
        low, high = (np.stack([pair[side] for pair in ends], axis=1) for side in (0, 1))
        return Table(self.domains, low, high, released.people)

    def _column(self, released: Table, i: int) -> Ends:
        domain, n = self.domains[i], len(released)
        part = next((part for part in self.parts if part.column == domain.name), None)
        if domain.name in released.names:
            at = released.at(domain.name)
            other, low, high = released.domains[at], released.low[:, at], released.high[:, at]
            if other.digest() == domain.digest():
                return low, high
            first, last = _meanings(domain, other, self.shares[i], _rows(low, high, len(other)))
            return _spanned(first, last, low, high)
        if part is not None and (decoded := _decoded(part, released, domain)) is not None:
            return decoded
        return np.zeros(n, np.int32), np.full(n, len(domain) - 1, np.int32)


def _rows(low: Array, high: Array, values: int) -> Ints:
    """The rows that hold each value alone, int64[m]."""
    return np.bincount(low[low == high], minlength=values)


def _meanings(domain: Domain, other: Domain, shares: Floats, rows: Ints) -> Ends:
    """What each value of a released column may stand for, the lowest and the highest code."""
    m = len(domain) - domain.missing
    first, last = np.zeros(len(other), np.int32), np.full(len(other), len(domain) - 1, np.int32)
    real = np.arange(len(other)) < len(other) - other.missing
    if domain.numbers is not None and other.numbers is not None and m:
        known, there = domain.numbers[:m], real & ~np.isnan(other.numbers)
        first[there] = last[there] = _nearest(known, other.numbers[there])
        real = there
    else:
        code = {label: i for i, label in enumerate(domain.labels[:m])}
        same = np.array([code.get(label, -1) for label in other.labels]) * real - ~real
        if (same >= 0).any():
            first[same >= 0] = last[same >= 0] = same[same >= 0]
        else:
            _by_frequency(first, last, shares[:m], np.where(real, rows, 0))
    if domain.missing:
        first[~real] = last[~real] = len(domain) - 1
    return first, last


def _nearest(known: Floats, asked: Floats) -> Ints:
    """The position of the nearest of rising numbers."""
    above = np.clip(np.searchsorted(known, asked), 1, max(len(known) - 1, 1))
    if len(known) == 1:
        return np.zeros(len(asked), np.int64)
    return above - (asked - known[above - 1] <= known[above] - asked)


def _by_frequency(first: Array, last: Array, shares: Floats, rows: Ints) -> None:
    """Match what is equally common, the commonest first, where no other name is as common."""
    _, place, often = np.unique(rows, return_inverse=True, return_counts=True)
    values, names = np.argsort(-shares, kind="stable"), np.argsort(-rows, kind="stable")
    for value, name in zip(values, names, strict=False):
        if rows[name] and often[place[name]] == 1:
            first[name] = last[name] = value


def _spanned(first: Array, last: Array, low: Array, high: Array) -> Ends:
    """The smallest range around what all values of each cell may stand for."""
    pairs, where = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    ends = [(first[a : b + 1].min(), last[a : b + 1].max()) for a, b in pairs.tolist()]
    found = np.array(ends, np.int32).reshape(-1, 2)[where.ravel()]
    return found[:, 0], found[:, 1]


def _decoded(part: UnaryEncoding | Rappor, released: Table, domain: Domain) -> Ends | None:
    """The likeliest value of each row, all being as likely before; None where the bits are not there.

    A row whose bits fit all values equally well may hold any of them.
    """
    if isinstance(part, UnaryEncoding):
        names = [f"{part.column}={label}" for label in domain.labels]
        there = [name for name in names if name in released.names]
        if not there:
            return None
        fit = np.full((len(released), len(names)), -np.inf)
        # All other bits being equal, the bit of a value alone says how likely it is.
        fit[:, np.isin(names, there)] = np.column_stack([_worth(released, name) for name in there])
        return _likeliest(fit)
    if f"{part.column}.cohort" not in released.names:
        return None
    # By what the cells are worth: a file in which a bit is always 1 has one value there.
    cohort = _worth(released, f"{part.column}.cohort")
    bits = np.column_stack([_worth(released, f"{part.column}.bit{i}") for i in range(part.bits)])
    q, p = part.shares
    one, zero = (np.log(max(x, TINY)) - np.log(max(1 - x, TINY)) for x in (q, p))
    base = np.log(max(1 - q, TINY)) - np.log(max(1 - p, TINY))
    fit = np.empty((len(released), len(domain)))
    for c, sets in enumerate(part.filters(domain.labels).astype(np.float64)):
        here = cohort == c
        fit[here] = bits[here] @ sets.T * (one - zero) + sets.sum(1) * base
    return _likeliest(fit)


def _worth(table: Table, name: str) -> Floats:
    at = table.at(name)
    numbers = table.domains[at].numbers
    assert numbers is not None
    return numbers[table.low[:, at]]


def _likeliest(fit: Floats) -> Ends:
    """The best column of each row; of equal ones another one in each row, so that none is favoured."""
    best = np.isclose(fit, fit.max(axis=1, keepdims=True))
    # A spread that depends on the row alone: the adversary's reading draws no noise.
    turn = (np.arange(len(fit))[:, None] * 7919 + np.arange(fit.shape[1])) % fit.shape[1]
    code = np.where(best, turn, -1).argmax(axis=1).astype(np.int32)
    silent = best.all(axis=1)
    return np.where(silent, 0, code).astype(np.int32), np.where(silent, len(fit[0]) - 1, code).astype(
        np.int32
    )
