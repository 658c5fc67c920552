"""Linkage claims: a person's row in the release, or that they have none."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.budget import ANY_NUMBER, Unit
from confide.core.language import later
from confide.core.nouns import Guess

# As a secret: the person has no row in the release. As a claim: no row is claimed.
NOBODY = -1


TAKEN_OUT = later(
    "people's rows were taken out of a release that was made with them, as if it had been made without"
)
"""Why no bound is certified where the mechanism was not run again: other rows may depend on those people."""


class Linkage:
    """Base of the linkage games: a secret row for each target, and the claim "this row is theirs".

    Exposed people are in the release; control people are held out of it. A claim about an exposed person hits
    if it names a row of theirs. Any claim about a control person is a false match.
    """

    __slots__ = ()

    @property
    def unit(self) -> Unit:
        """All rows of one person."""
        return Unit.person("person", at_most=ANY_NUMBER)

    @property
    def randomised(self) -> bool:
        """A fair coin decides for each target whether they are held out, before the mechanism runs."""
        return not self.no_coin

    @property
    def no_coin(self) -> str:
        """Why no coin counts, where one is tossed; empty where it does."""
        return ""

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[n]: a row of the person is named; or, if they have none, any row is.

        Args:
            secrets: int64[n], the row of each; or int64[n, r], all rows of each, `NOBODY` behind them.
        """
        claim = np.full(len(secrets), NOBODY) if guess.value is None else guess.value
        rows = secrets.reshape(len(secrets), -1)
        right = ((rows == claim[:, None]) & (rows != NOBODY)).any(axis=1)
        return np.where((rows == NOBODY).all(axis=1), claim != NOBODY, right)


class _Dealt(Protocol):
    @property
    def coin(self) -> bool: ...
    @property
    def released(self) -> object: ...


class HoldsOut:
    """A game in which a coin holds targets out of the release, where that was not made already."""

    __slots__ = ()

    @property
    def randomised(self: _Dealt) -> bool:
        """A fair coin decides for each target, unless the release was made already."""
        return self.coin and self.released is None

    @property
    def no_coin(self: _Dealt) -> str:
        """Why no coin counts, where one was tossed: what was released already was made with everybody."""
        return TAKEN_OUT if self.coin and self.released is not None else ""


def pseudonyms(everybody: int, held_out: Ints, *, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """A random numbering of all people except those held out.

    Returns:
        order int64[r], the person behind each row of the release (for `take`), and row int64[everybody], the
        row of each person, `NOBODY` for those held out.

    >>> order, row = pseudonyms(4, np.array([2]), rng=np.random.default_rng(0))
    >>> sorted(order.tolist()), int(row[2]), bool((order[row[[0, 1, 3]]] == [0, 1, 3]).all())
    ([0, 1, 3], -1, True)
    """
    inside = np.ones(everybody, np.bool_)
    inside[held_out] = False
    order = rng.permutation(np.flatnonzero(inside))
    row = np.full(everybody, NOBODY)
    row[order] = np.arange(len(order))
    return order, row
