"""Categories of precise rows packed into 64-bit words, so that mismatches are counted by bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array

Words = NDArray[np.uint64]
BITS = 64
ONE = np.uint64(1)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A layout of words: of each category column `width` bits for its code, and a spare one above.

    The code of another value leaves something in the field after XOR. Adding 2^width - 1 carries it into the
    spare bit, and only then. So the spare bits that are set are the mismatches.
    """

    word: tuple[int, ...]
    shift: tuple[int, ...]
    carry: tuple[np.uint64, ...]
    spare: tuple[np.uint64, ...]

    @classmethod
    def of(cls, sizes: list[int]) -> Layout:
        word, shift, carry, spare = [], [], [0], [0]
        at = 0
        for size in sizes:
            width = max(size - 1, 1).bit_length()
            if at + width + 1 > BITS:
                carry.append(0)
                spare.append(0)
                at = 0
            word.append(len(carry) - 1)
            shift.append(at)
            carry[-1] |= ((1 << width) - 1) << at
            spare[-1] |= 1 << (at + width)
            at += width + 1
        return cls(tuple(word), tuple(shift), tuple(map(np.uint64, carry)), tuple(map(np.uint64, spare)))

    def pack(self, codes: Array) -> Words:
        """The words of codes int[n, columns], uint64[words, n]."""
        words = np.zeros((len(self.carry), len(codes)), np.uint64)
        for column, (word, shift) in enumerate(zip(self.word, self.shift, strict=True)):
            words[word] |= codes[:, column].astype(np.uint64) << np.uint64(shift)
        return words

    def mismatches(self, words: Words, one: Words) -> NDArray[np.uint8]:
        """How many categories of each record differ from those of one, uint8[n]."""
        total = np.zeros(words.shape[1], np.uint8)
        for w, (carry, spare) in enumerate(zip(self.carry, self.spare, strict=True)):
            left = words[w] ^ one[w]
            left += carry
            left &= spare
            total += counted(left)
        return total


def _counted_by_halves(word: Words) -> NDArray[np.uint8]:
    """The bits that are set, by adding neighbouring groups of 1, 2 and 4 bits, and then all bytes."""
    pairs = word - ((word >> ONE) & np.uint64(0x5555555555555555))
    two = np.uint64(0x3333333333333333)
    fours = (pairs & two) + ((pairs >> np.uint64(2)) & two)
    bytes_ = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return ((bytes_ * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.uint8)


counted = getattr(np, "bitwise_count", _counted_by_halves)  # one processor instruction, from NumPy 2 on
