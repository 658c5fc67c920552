"""Answers to subset sums: how many people of each of many subsets have the secret, exactly or with noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.language import later

Bytes: TypeAlias = NDArray[np.uint8]
Singles: TypeAlias = NDArray[np.float32]

# Row b holds the eight bits of byte b, the highest first, as `packbits` writes them.
BYTES: Singles = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)
MANY = 30
"""From this number of subsets on they can look like random ones; few of them are just a few subsets."""
EDGE = 1.1
"""How far above its law the largest eigenvalue may be: among 30 subsets of 20 people chance goes so far."""
STEPS = 8
"""Of power iteration: two people in the same subsets, half of all, double the eigenvalue."""
AT_ONCE = 4_096
"""Queries that are unpacked at once: 80 MB for 5,000 people."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subsets:
    """m subsets of n people, a bit for each person and subset.

    Eight people share a byte, and the same byte of all subsets stands together. So a sum over people is n / 8
    look-ups in tables of 256 numbers for each subset, and nothing is unpacked. That takes about half the time
    of unpacking blocks for a matrix product.

    Args:
        packed: uint8[ceil(n / 8), m]; the bits after person n are 0.
        people: n.
    """

    packed: Bytes
    people: int

    @classmethod
    def of(cls, member: Array) -> Subsets:
        """Pack a matrix of 0 and 1, [m, n], a row for each subset.

        Raises:
            DataError: if something else is in it.

        >>> Subsets.of(np.array([[1, 1, 0], [0, 1, 1]])).sums(np.array([1.0, 0.0, 1.0])).tolist()
        [1.0, 1.0]
        """
        if member.ndim != 2 or not ((member == 0) | (member == 1)).all():
            raise DataError(f"subsets of shape {member.shape} are no rows of 0 and 1: give 1 for who is in.")
        return cls(packed=np.packbits(member.T.astype(np.bool_), axis=0), people=member.shape[1])

    @classmethod
    def random(cls, count: int, people: int, *, rng: Rng) -> Subsets:
        """Random half subsets: a fair coin for each person and subset (Dinur and Nissim 2003)."""
        packed = rng.integers(0, 256, (-(-people // 8), count), dtype=np.uint8)
        if people % 8:
            packed[-1] &= np.uint8(256 - (1 << (8 - people % 8)))
        return cls(packed=packed, people=people)

    def __len__(self) -> int:
        return self.packed.shape[1]

    def take(self, which: Array) -> Subsets:
        """These subsets only, by number or by mask."""
        return Subsets(packed=np.ascontiguousarray(self.packed[:, which]), people=self.people)

    def members(self, start: int, stop: int) -> Singles:
        """Who is in each of some subsets, float32[n, stop - start]."""
        bits = np.unpackbits(self.packed[:, start:stop], axis=0, count=self.people)
        return bits.astype(np.float32)

    def sums(self, x: Floats) -> Floats:
        """The sum of x [n] over each subset, float64[m]; in single precision."""
        padded = np.zeros(8 * len(self.packed), np.float32)
        padded[: self.people] = x
        table = padded.reshape(-1, 8) @ BYTES.T
        total, one = np.zeros(len(self), np.float32), np.empty(len(self), np.float32)
        for values, codes in zip(table, self.packed, strict=True):
            # Codes are never out of range; "clip" leaves out a copy that "raise" makes.
            np.take(values, codes, out=one, mode="clip")
            total += one
        return total.astype(np.float64)

    def spread(self, y: Floats) -> Floats:
        """The sum of y [m] over the subsets that each person is in, float64[n]: the transpose of `sums`."""
        by_code = [np.bincount(codes, weights=y, minlength=256) for codes in self.packed]
        return (np.array(by_code).reshape(-1, 256) @ BYTES.astype(np.float64)).ravel()[: self.people]

    @cached_property
    def sizes(self) -> Ints:
        """The number of people in each subset, int64[m]."""
        return np.rint(self.sums(np.ones(self.people))).astype(np.int64)

    @cached_property
    def memberships(self) -> Ints:
        """The number of subsets that each person is in, int64[n]."""
        return np.rint(self.spread(np.ones(len(self)))).astype(np.int64)

    @cached_property
    def random_halves(self) -> bool:
        """Whether these are many subsets that look like fair coins, by their sizes and each person's number.

        Both are within five deviations of half, and no direction of the people is asked about much more than
        chance makes likely: people in the same subsets would be. It is a sign that the closed forms for
        random halves apply.
        """
        m, n = len(self), self.people
        pairs = ((self.sizes, n), (self.memberships, m))
        near = all(bool((np.abs(found - of / 2) <= 2.5 * np.sqrt(of)).all()) for found, of in pairs)
        return m >= MANY and near and self._stiffest() <= EDGE * m / 4 * (1 + np.sqrt(n / m)) ** 2

    def _stiffest(self) -> float:
        """The largest eigenvalue of the centred Gram matrix, from below: by a few steps of power iteration.

        Of random halves it is about the edge of the Marchenko-Pastur law at most, (m / 4) (1 +
        sqrt(n / m))^2.
        """
        # A start that no workload is orthogonal to, the same each time.
        x, top = np.cos(np.arange(self.people) ** 2.0), 0.0
        for _ in range(STEPS):
            x = x / (np.linalg.norm(x) or 1.0)
            sums = self.sums(x)
            product = self.spread(sums - sums.mean())
            top, x = float(x @ product), product
        return top


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """A release of m answers to subset sums: how many people of each subset have the secret.

    The subsets are public: an analyst asked for them, or they follow from what is known about people.

    Args:
        subsets: over n people.
        answers: float64[m], each the number of people of a subset who have the secret, plus noise.
        noise: the deviation of the noise on each answer; 0 for exact answers, None if it is not known.
        total: the number of all people who have the secret, where it is published; None if it is not known.
        wording: int64[m], the text of each query by a number, where the same text always gets the same noise
            (sticky noise); None where each answer has noise of its own.

    Raises:
        DataError: if the parts do not fit together.
    """

    shown: ClassVar[str] = later("answers")

    subsets: Subsets
    answers: Floats
    noise: float | None = None
    total: float | None = None
    wording: Ints | None = None

    def __post_init__(self) -> None:
        m = len(self.subsets)
        if self.answers.shape != (m,) or (self.wording is not None and self.wording.shape != (m,)):
            raise DataError(f"{len(self.answers)} answers to {m} queries: give one for each.")
        if not np.isfinite(self.answers).all():
            raise DataError("an answer is not a finite number: leave its query out.")
        if self.noise is not None and not 0 <= self.noise < float("inf"):
            raise DataError(f"the deviation of the noise is {self.noise}: give a number of at least 0.")

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def people(self) -> int:
        """n, the number of people."""
        return self.subsets.people

    def take(self, which: Array) -> Answers:
        """Some of the answers only, by number or by mask."""
        return Answers(
            subsets=self.subsets.take(which),
            answers=self.answers[which],
            noise=self.noise,
            total=self.total,
            wording=None if self.wording is None else self.wording[which],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedSubsets:
    """The input of a mechanism that answers subset sums: the queries, and everybody's secret.

    Args:
        subsets: over n people.
        bits: bool[n], who has the secret.
        wording: as in `Answers`.

    Raises:
        DataError: if the parts do not fit together.
    """

    subsets: Subsets
    bits: Bools
    wording: Ints | None = None

    def __post_init__(self) -> None:
        if self.bits.shape != (self.subsets.people,):
            raise DataError(f"{len(self.bits)} secrets of {self.subsets.people} people: give one for each.")

    @property
    def sums(self) -> Floats:
        """The exact answers, float64[m]; exact below 2^24 people."""
        return self.subsets.sums(self.bits.astype(np.float64))
