"""Nearest records by one compiled loop, where numba is installed: the answers of `Packed` in less time.

numba keeps the machine code beside this file, as Python does its bytecode, or in the user's cache folder.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np

Loop: TypeAlias = Callable[..., None]

WORTH = 1 << 24
"""Words times queries. numba takes 0.7 s to load, once a process: NumPy gets through as many in that."""


def loop_for(words: int, queries: int) -> Loop | None:
    """The compiled loop; None where numba is missing, or importing it takes longer than it saves."""
    return compiled() if words * queries >= WORTH and find_spec("numba") is not None else None


@cache
def compiled() -> Loop:
    """`nearest` as machine code, from the cache where it is there."""
    numba: Any = import_module("numba")
    try:
        return numba.njit(cache=True)(nearest)
    except RuntimeError:  # neither folder can be written: it is compiled once a process, for 2 s
        return numba.njit(nearest)


def nearest(
    words: Any,
    carry: Any,
    spare: Any,
    start: Any,
    size: Any,
    row: Any,
    numbers: Any,
    asked: Any,
    place: Any,
    found: Any,
    apart: Any,
) -> None:
    """Fill in the nearest records of each query, rising, as `Packed.nearest` says.

    The same float32 sums in the same order as there, so that they are the same to the last bit.

    Args:
        words: uint64[words, u], the distinct rows of categories.
        carry, spare: uint64[words], of the layout.
        start, size: int64[u], of `Packed`.
        row: int64[n], of `Packed`.
        numbers: float32[n, columns], by record: mostly the first few decide.
        asked: uint64[words, t], the categories of the queries.
        place: float32[columns, t], their numbers.
        found: int64[t, count], written: the rows.
        apart: float32[t, count], written: the distances.
    """
    count, most = found.shape[1], np.float32(1)
    level, rows_at = np.empty(len(size), np.uint8), np.empty(256, np.int64)
    for i in range(len(found)):
        # How many categories of each distinct row differ: the bits that are left, summed as in a tree.
        level[:] = 0
        for w in range(len(words)):
            one, carried, left = asked[w, i], carry[w], spare[w]
            for u in range(len(size)):
                bits = ((words[w, u] ^ one) + carried) & left
                bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
                bits = (bits & np.uint64(0x3333333333333333)) + (
                    (bits >> np.uint64(2)) & np.uint64(0x3333333333333333)
                )
                bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
                level[u] += np.uint8((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))
        rows_at[:] = 0
        for u in range(len(size)):
            rows_at[level[u]] += 1
        held, bound = 0, np.float32(np.inf)
        for mismatches in range(256):
            if mismatches > bound:  # numbers only add to it
                break
            if rows_at[mismatches] == 0:
                continue
            for u in range(len(size)):
                if level[u] != mismatches:
                    continue
                for at in range(start[u], start[u] + size[u]):
                    far = np.float32(mismatches)
                    for c in range(len(place)):
                        far += min(abs(numbers[at, c] - place[c, i]), most)
                        if far > bound:
                            break
                    if far > bound:
                        continue
                    last = held
                    if held == count:
                        last = count - 1
                        # Of equal distances the first row stays.
                        if far == bound and row[at] > found[i, last]:
                            continue
                    else:
                        held += 1
                    while last > 0 and (
                        far < apart[i, last - 1]
                        or (far == apart[i, last - 1] and row[at] < found[i, last - 1])
                    ):
                        apart[i, last], found[i, last] = apart[i, last - 1], found[i, last - 1]
                        last -= 1
                    apart[i, last], found[i, last] = far, row[at]
                    if held == count:
                        bound = apart[i, count - 1]
