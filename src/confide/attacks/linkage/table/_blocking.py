"""Blocking: which pairs of a target and a row are compared, where all are too many, and what that loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from confide.attacks.linkage.table._likeness import Fields, Key
from confide.core.arrays import Array, Bools, Floats, Rng

PAIRS = 2_000_000
"""Up to about this many pairs are compared: 1 kB each."""
DRAWN = 50_000
"""Pairs, and people, by which rules are judged. A rule that no pair satisfies counts as one of them."""
PEOPLE = 2_000
TOGETHER = 3
"""At most this many keys have to agree at once. With more, one error less is forgiven."""
MISSED = 1e-3
"""No further rule is sought when a smaller share of the rows is missed."""
ALL = "1 = 1"


@dataclass(frozen=True, slots=True, eq=False)
class Blocking:
    """Rules, of which a pair that is compared satisfies one.

    Args:
        rules: SQL over l (asked) and r (released).
        sets: of each rule, the positions of the keys that agree; none where all pairs are compared.
    """

    rules: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, fields: Fields, true: Floats, similar: Floats, *, rng: Rng) -> Blocking:
        """The rules that lose the fewest rows within the pairs allowed, one after the other.

        Each next rule is the one that finds the most people who were not found, for the rows it adds.

        Args:
            true, similar: float64[d], of the facts the share that is in the person's cell, and that is a name
                like the one in it.
        """
        asked, rows = len(fields.asked), len(fields.released)
        room = PAIRS / max(asked, 1)
        if rows <= room:
            return cls((ALL,), ())
        pairs = (
            rng.integers(0, asked, DRAWN),
            rng.choice(rows, DRAWN, p=fields.cells.count / fields.cells.people),
        )
        keys = fields.keys
        met = np.array([key.agree(*pairs) for key in keys])
        found = _agreeing(keys, true, similar, rng=rng)
        sets = [
            one
            for size in range(1, TOGETHER + 1)
            for one in combinations(range(len(keys)), size)
            if len({keys[k].column for k in one}) == size
        ]
        cost = np.array([(met[list(one)].all(axis=0).sum() + 1) / DRAWN * rows for one in sets])
        gain = np.array([found[list(one)].all(axis=0) for one in sets])
        chosen = _greedy(cost, gain, room)
        rules = tuple(" AND ".join(keys[k].sql for k in sets[i]) for i in chosen)
        return cls(rules, tuple(sets[i] for i in chosen))

    def missed(self, keys: Sequence[Key], true: Floats, similar: Floats, *, rng: Rng) -> float:
        """The share of the people whose own row satisfies no rule, if columns go wrong independently."""
        if not self.sets:
            return 0.0
        found = _agreeing(keys, true, similar, rng=rng)
        return 1 - float(np.any([found[list(one)].all(axis=0) for one in self.sets], axis=0).mean())


def _agreeing(keys: Sequence[Key], true: Floats, similar: Floats, *, rng: Rng) -> Bools:
    """Draw people, and whether what is known about them agrees with their own row: bool[keys, people].

    What is wrong with a name that is like the true one is in one half of it: the other half agrees.
    """
    draw = rng.random((len(true), PEOPLE))
    right = draw < true[:, None]
    like = ~right & (draw < (true + similar)[:, None])
    spared = rng.integers(1, 3, draw.shape)
    return np.array([right[key.column] | (like & (spared == key.part))[key.column] for key in keys])


def _greedy(cost: Floats, gain: Bools, room: float) -> list[int]:
    """Positions of sets: each the one with the most new people for its rows, while there is room."""
    chosen: list[int] = []
    left: Array = np.ones(gain.shape[1], np.bool_)
    while left.mean() > MISSED:
        new = (gain & left).sum(axis=1)
        fits = (new > 0) & (cost <= room)
        if not fits.any():
            break
        # A row more or less is no reason: sets that hold nearly nobody would come first.
        best = int(np.argmax(np.where(fits, new / (cost + 10), -1)))
        chosen.append(best)
        room -= cost[best]
        left &= ~gain[best]
    # One rule at least, however many pairs that is.
    return chosen or [int(np.argmin(cost))]
