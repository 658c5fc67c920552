"""One person twice: rows of two files, or of one, that hold the same person's genotypes or measurements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.views.frequencies import MISSING, Genotypes, Measurements

People: TypeAlias = Genotypes | Measurements
Named: TypeAlias = tuple[str, People]
"""The name of a file, and its people."""
Pairs: TypeAlias = list[tuple[int, int]]
"""Rows of two files that are one person, counted from 0."""
Find: TypeAlias = Callable[[int, int], Pairs]
"""The pairs of two files, by their numbers."""

PROBED = 2_000
"""Columns that people are compared at, those that vary most: enough to tell any two people apart."""
ALIKE = 0.05
"""Two samples of one person differ at no more than this share of the SNPs that strangers differ at. Errors of
reading make about one in 100 of them; siblings differ at about half."""
SURE = 8.0
"""Standard deviations by which such a pair is nearer than strangers: by chance none of 10^14 pairs is."""
CLOSE = 0.01
"""Copies of measurements are apart by less than this part of a standard deviation, on average."""
SAMPLED = 200
"""People on either side from whom it is learnt how near strangers are."""
ROWS = 1_000
"""People who are compared with all others at once."""
NAMED = 5
"""Pairs that a message names."""


def refuse_one_person_twice(pool: Named, absent: Named, reference: Named) -> list[str]:
    """Refuse a person who stands in two of the files, or twice in one; a note where that cannot be seen.

    In the reference a person may stand twice: that makes it a worse sample, and nothing more.

    Raises:
        DataError: with the rows.
    """
    names, people = [n for n, _ in (pool, absent, reference)], [p for _, p in (pool, absent, reference)]
    found = _of_genotypes(people) if isinstance(pool[1], Genotypes) else _of_measurements(people)
    if found is None:
        return [
            t(
                "There are too few columns to see whether one person stands in two files. If one does, the "
                "figures of this audit are wrong."
            )
        ]
    for one, two in combinations(range(3), 2):
        if same := found(one, two):
            said = _said(same, names[two])
            raise DataError(f"{names[one]} and {names[two]} share people: {said}. Take them out of one.")
    for one in (0, 1):
        if same := [(a, b) for a, b in found(one, one) if a < b]:
            raise DataError(f"{names[one]} has one person twice: {_said(same, 'it')}. Take one row out.")
    return []


def _of_genotypes(people: Sequence[People]) -> Find | None:
    probes = _genotypes_alike(people)
    return None if probes is None else lambda one, two: probes[one].pairs(probes[two])


def _of_measurements(people: Sequence[People]) -> Find | None:
    probes = _measurements_alike(people)
    return None if probes is None else lambda one, two: probes[one].pairs(probes[two])


def _said(found: Pairs, other: str) -> str:
    more = f", and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return "; ".join(f"row {a + 1} is row {b + 1} of {other}" for a, b in found[:NAMED]) + more


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """People at the columns at which they are compared.

    Args:
        parts: float32[n, k] each: the products of two people's, added up, count where they agree.
        known: where something is known of a person, float32[n, k].
        least: the share of agreements from which on two rows are one person.
        gap: from the share at which strangers agree to `least`.
        deviation: of agreement at one column; spread: of the share at which strangers agree.
    """

    parts: tuple[Array, ...]
    known: Array
    least: float
    gap: float
    deviation: float
    spread: float

    def pairs(self, other: _Probe) -> Pairs:
        """The pairs of rows, of these people and of others, that are one person."""
        found: Pairs = []
        for start in range(0, len(self.known), ROWS):
            rows = slice(start, start + ROWS)
            same, both = _agreements(self, other, rows)
            certain = self.gap > SURE * np.maximum(self.deviation / np.sqrt(np.maximum(both, 1)), self.spread)
            a, b = np.nonzero(certain & (same >= self.least * both) & (both > 0))
            found += zip((a + start).tolist(), b.tolist(), strict=True)
        return found


def _agreements(one: _Probe, two: _Probe, rows: slice) -> tuple[Array, Array]:
    """At how many columns two people agree, and at how many both are known: float32[n, r] each."""
    same = sum((a[rows] @ b.T for a, b in zip(one.parts, two.parts, strict=True)), np.float32(0))
    return np.asarray(same), one.known[rows] @ two.known.T


def _genotypes_alike(people: Sequence[People]) -> list[_Probe] | None:
    """The genotypes at the SNPs that vary most; None if strangers can be too near there."""
    tables = [p.copies for p in people if isinstance(p, Genotypes)]
    total = sum(len(t) for t in tables)
    shares = [sum((t == g).sum(axis=0) for t in tables) / total for g in range(3)]
    # Two strangers agree if both have 0, both 1, or both 2 copies.
    agree = np.asarray(sum(share**2 for share in shares))
    columns: Ints = np.argsort(agree, kind="stable")[:PROBED]
    chance = agree[columns]
    middle, deviation = float(chance.mean()), float(np.sqrt((chance * (1 - chance)).mean()))
    least = 1 - ALIKE * (1 - middle)
    made = [
        _Probe(
            parts=tuple((t[:, columns] == g).astype(np.float32) for g in range(3)),
            known=(t[:, columns] != MISSING).astype(np.float32),
            least=least,
            gap=least - middle,
            deviation=deviation,
            spread=0.0,
        )
        for t in tables
    ]
    # Linked SNPs agree together, so that agreements deviate more than of independent ones.
    same, both = _agreements(made[1], made[2], slice(SAMPLED))
    seen = (same / np.maximum(both, 1))[:, :SAMPLED]
    low, high = np.quantile(seen, [0.16, 0.84])
    spread = float(high - low) / 2
    if least - middle <= SURE * max(deviation / np.sqrt(len(columns)), spread):
        return None
    return [_Probe(p.parts, p.known, least, least - middle, deviation, spread) for p in made]


def _measurements_alike(people: Sequence[People]) -> list[_Near] | None:
    """The measurements in deviations of all people; None if strangers can be as close as copies."""
    tables = [p.values for p in people if isinstance(p, Measurements)]
    every = np.concatenate(tables)
    spread = every.std(axis=0)
    columns = np.argsort(-(spread > 0).astype(np.int64), kind="stable")[
        : min(PROBED, int((spread > 0).sum()))
    ]
    if not len(columns):
        return None
    centre = every.mean(axis=0)
    made = [_Near((t[:, columns] - centre[columns]) / spread[columns]) for t in tables]
    seen = made[1].apart(made[2], slice(SAMPLED))[:, :SAMPLED]
    # Ten times as far as copies: if strangers are there, some are as close as copies.
    return None if (seen < (10 * CLOSE) ** 2).mean() > 1e-4 else made


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """People as points, float64[n, k], each variable in its own deviations."""

    points: Floats

    def apart(self, other: _Near, rows: slice) -> Floats:
        """The mean squared difference of these rows to all others, float64[rows, r]."""
        mine = self.points[rows]
        square = (mine**2).sum(axis=1)[:, None] + (other.points**2).sum(axis=1)
        return (square - 2 * mine @ other.points.T) / self.points.shape[1]

    def pairs(self, other: _Near) -> Pairs:
        """The pairs of rows that are one person."""
        found: Pairs = []
        for start in range(0, len(self.points), ROWS):
            close: Bools = self.apart(other, slice(start, start + ROWS)) < CLOSE**2
            a, b = np.nonzero(close)
            found += zip((a + start).tolist(), b.tolist(), strict=True)
        return found
