"""Votes of parties on public records: counted as whole numbers, those that cannot be counted left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Ints
from confide.core.errors import DataError

ABSTAINS = -1
"""A party's vote where it has no model: a part without records, for example."""


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """Votes that were counted.

    Args:
        counts: how many parties voted for each class, int64[m, C].
        left_out: positions of parties whose ballot could not be read.
    """

    counts: Ints
    left_out: tuple[int, ...]


def ballot(votes: Array, classes: int) -> Ints:
    """One party's votes as the whole numbers that are added up, int64[m, classes]: at most one 1 in a row.

    Secure aggregation takes the ballots of all parties in place of `counted`, and shows their sum alone.

    Args:
        votes: class codes int64[m]; -1 where the party abstains.
        classes: C.

    Raises:
        DataError: if they are no such codes.

    >>> ballot(np.array([1, -1]), 2).tolist()
    [[0, 1], [0, 0]]
    """
    if not _is_ballot(votes, len(votes), classes):
        raise DataError(f"votes are class codes from 0 to {classes - 1}, or -1 to abstain: give such a row.")
    return (np.asarray(votes)[:, None] == np.arange(classes)).astype(np.int64)


def counted(ballots: Sequence[Array], public: int, classes: int) -> Count:
    """Count the votes of each public record.

    Args:
        ballots: of each party, class codes int64[m]; -1 where it abstains. Others are left out, as a whole.
        public: m.
        classes: C.
    """
    counts, left_out = np.zeros((public, classes), np.int64), list[int]()
    for i, votes in enumerate(ballots):
        if _is_ballot(votes, public, classes):
            counts += ballot(votes, classes)
        else:
            left_out.append(i)
    return Count(counts, tuple(left_out))


def _is_ballot(votes: Array, public: int, classes: int) -> bool:
    codes = np.asarray(votes)
    if codes.shape != (public,) or codes.dtype.kind not in "iu":
        return False
    return not public or bool(codes.min() >= ABSTAINS and codes.max() < classes)
