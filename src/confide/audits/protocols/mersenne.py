"""Matsumoto, Nishimura: Mersenne Twister, a 623-dimensionally equidistributed generator (TOMACS 1998)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Seeds = NDArray[np.uint32]
_MIDDLE = 397
_MOST = 624 - _MIDDLE
CHUNK = 2**14
"""Seeds at a time: their states stay in the cache of a core."""


def first_words(seeds: Seeds, count: int) -> Seeds:
    """The first words of MT19937 under each of many 32-bit seeds: uint32[count, seeds].

    A word needs three words of the state, so 397 steps of the seeding are enough for the first ones, and all
    seeds take each step together.

    Args:
        seeds: uint32[n].
        count: at most 227.

    >>> [int(word) for word in first_words(np.array([5489], np.uint32), 2)[:, 0]]
    [3499211612, 581869302]
    """
    assert 1 <= count <= _MOST
    state = seeds.astype(np.uint32)
    early, late = [state], list[Seeds]()
    shifted = np.empty_like(state)
    state = state.copy()
    for place in range(1, _MIDDLE + count):
        np.right_shift(state, np.uint32(30), out=shifted)
        np.bitwise_xor(state, shifted, out=state)
        np.multiply(state, np.uint32(1812433253), out=state)
        np.add(state, np.uint32(place), out=state)
        if place <= count:
            early.append(state.copy())
        if place >= _MIDDLE:
            late.append(state.copy())
    return np.stack([_word(early[i], early[i + 1], late[i]) for i in range(count)])


def _word(first: Seeds, second: Seeds, middle: Seeds) -> Seeds:
    """A word of the next state, tempered."""
    joined = (first & np.uint32(0x80000000)) | (second & np.uint32(0x7FFFFFFF))
    word = middle ^ (joined >> np.uint32(1)) ^ (np.uint32(0x9908B0DF) * (second & np.uint32(1)))
    word ^= word >> np.uint32(11)
    word ^= (word << np.uint32(7)) & np.uint32(0x9D2C5680)
    word ^= (word << np.uint32(15)) & np.uint32(0xEFC60000)
    return word ^ (word >> np.uint32(18))


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search over seeds found.

    Args:
        seeds: those whose mask leaves words within the bound, with the sign of the mask.
        tried: how many there were.
        seconds: of one core.
    """

    seeds: tuple[tuple[int, int], ...]
    tried: int
    seconds: float

    def core_minutes(self, bits: float) -> float:
        """What a space of this many bits costs at this pace."""
        return self.seconds / self.tried * 2**bits / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSpace:
    """The seeds that a protocol can reach: some bits vary, the others are the same in all.

    Args:
        fixed: a seed of it, with all varying bits zero.
        places: of the varying bits, the lowest first.
    """

    fixed: int
    places: tuple[int, ...]

    @classmethod
    def of(cls, seeds: Sequence[int]) -> SeedSpace:
        """The space that these seeds were drawn from: of 64, a bit that varies shows it, but for 2^-58.

        >>> SeedSpace.of([0b0101, 0b0001, 0b1101])
        SeedSpace(fixed=1, places=(2, 3))
        """
        varying = 0
        for seed in seeds:
            varying |= seed ^ seeds[0]
        places = tuple(place for place in range(varying.bit_length()) if varying >> place & 1)
        return cls(fixed=seeds[0] & ~varying, places=places)

    @property
    def bits(self) -> int:
        """The logarithm of its size to base 2."""
        return len(self.places)

    def number(self, seed: int) -> int:
        """The place of a seed in the order of the space."""
        return sum((seed >> place & 1) << i for i, place in enumerate(self.places))

    def seeds(self, start: int, count: int) -> Seeds:
        """Seeds in the order of the space: uint32[count]."""
        numbers = np.arange(start, start + count, dtype=np.uint64)
        found = np.full(count, self.fixed, np.uint64)
        for i, place in enumerate(self.places):
            found |= (numbers >> np.uint64(i) & np.uint64(1)) << np.uint64(place)
        return found.astype(np.uint32)


def search(left: Seeds, space: SeedSpace, *, bound: int, start: int, count: int, skip: int = 0) -> Search:
    """Try seeds in order on a vector that one mask of whole 32-bit words hides.

    No value of the vector is known: a seed is right if what it leaves is within the bound. A wrong one leaves
    two words within it with chance (2 bound + 1)^2 / 2^64, either sign.

    Args:
        left: uint32[2 or more], of which two are used.
        space: of the seeds.
        bound: the largest absolute value of the vector.
        start, count: which seeds of the space.
        skip: words of the generator that come before those of the vector.
    """
    began = time.process_time()
    found: list[tuple[int, int]] = []
    for low in range(start, start + count, CHUNK):
        seeds = space.seeds(low, min(CHUNK, start + count - low))
        words = first_words(seeds, skip + 2)[skip:]
        for sign in (1, -1):
            values = left[:2, None] - words if sign > 0 else left[:2, None] + words
            within = (values + np.uint32(bound) <= np.uint32(2 * bound)).all(axis=0)
            found += [(int(seed), sign) for seed in seeds[within]]
    return Search(seeds=tuple(found), tried=count, seconds=time.process_time() - began)
