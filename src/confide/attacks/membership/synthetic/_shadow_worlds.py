"""Worlds that an adversary makes with the generator: counts on the file, with each target and without."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.nouns import Mechanism
from confide.views.table import Table
from confide.views.table_keys import packed

COARSE = 10
"""Numbers fall into as many groups, with equally many of the reference: rows equal in one are counted."""
WIDEST = 4
"""Columns of a query, but for the one of all columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """How many synthetic rows agree with a target in some columns: one count for each set of columns.

    Args:
        sets: of columns; the last one is that of all columns, compared exactly.
        groups: of each column, code -> group: a category is its own.
    """

    sets: tuple[tuple[int, ...], ...]
    groups: tuple[Ints, ...]

    @classmethod
    def drawn(cls, reference: Table, count: int, *, rng: Rng) -> Queries:
        """Each single column, and `count` random sets of 2 to `WIDEST`."""
        d = len(reference.domains)
        sets = [(c,) for c in range(d)]
        for size in rng.integers(2, max(min(WIDEST, d), 2) + 1, count if d > 1 else 0):
            sets.append(tuple(np.sort(rng.permutation(d)[:size]).tolist()))
        return cls((*dict.fromkeys(sets), tuple(range(d))), tuple(_groups(reference)))

    def counts(self, targets: Table, rows: Table) -> Floats:
        """float64[t, queries], over the number of rows."""
        near, found = self._coarse(targets), self._coarse(rows)
        sizes = np.array([group.max(initial=0) + 1 for group in self.groups], np.int64)
        exact = _agreeing(targets.low, rows.low, rows.sizes)
        some = [_agreeing(near[:, list(s)], found[:, list(s)], sizes[list(s)]) for s in self.sets[:-1]]
        return np.stack([*some, exact], axis=1) / max(len(rows), 1)

    def _coarse(self, table: Table) -> NDArray[np.int32]:
        return np.stack(
            [group[codes] for group, codes in zip(self.groups, table.low.T, strict=True)], axis=1
        ).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ShadowWorlds:
    """What an adversary saw in worlds of its own.

    Args:
        queries: that it asked.
        counts: float64[worlds, t, queries].
        member: bool[worlds, t], who was given to the generator.
    """

    queries: Queries
    counts: Floats
    member: Bools


_MADE: WeakKeyDictionary[Table, dict[tuple[str, int, int, int], ShadowWorlds]] = WeakKeyDictionary()


def shadow_worlds(
    targets: Table, reference: Table, generator: Mechanism[Table], *, rows: int, worlds: int, queries: int
) -> ShadowWorlds:
    """Make worlds; for all rounds that ask about the same targets it is done once.

    Their random numbers follow from the targets, so that they are the same in whichever round they are made.

    Args:
        targets: about whom is asked; a coin of their own decides in each world about each.
        reference: of whom the other rows are drawn, at most all.
        generator: rows -> synthetic rows.
        rows: that the generator is given, on average.
        worlds: how many.
        queries: sets of several columns that are asked about.
    """
    digest = targets.digest()
    key = (digest, rows, worlds, queries)
    made = _MADE.setdefault(reference, {})
    if key not in made:
        rng = np.random.default_rng(int(digest[:16], 16))
        asked = Queries.drawn(reference, queries, rng=rng)
        others = min(max(rows - len(targets) // 2, 1), len(reference))
        member = rng.random((worlds, len(targets))) < 0.5
        counts = [
            asked.counts(targets, _world(targets.take(m), reference, generator, others, rng)) for m in member
        ]
        made[key] = ShadowWorlds(asked, np.stack(counts), member)
    return made[key]


def _world(inside: Table, reference: Table, generator: Mechanism[Table], others: int, rng: Rng) -> Table:
    drawing, mixing, generating = rng.spawn(3)
    rest = reference.take(drawing.permutation(len(reference))[:others])
    given = np.concatenate([inside.low, rest.low])
    return generator(Table.of(reference.domains, given[mixing.permutation(len(given))]), rng=generating).view


def _groups(reference: Table) -> list[Ints]:
    """Of each column, code -> group."""
    found: list[Ints] = []
    for domain, codes in zip(reference.domains, reference.low.T, strict=True):
        if domain.numbers is None or len(domain) <= COARSE:
            found.append(np.arange(len(domain)))
            continue
        numbers = np.nan_to_num(domain.numbers, nan=np.inf)
        edges = np.unique(np.quantile(numbers[codes], np.arange(1, COARSE) / COARSE, method="lower"))
        found.append(np.searchsorted(edges, numbers, side="right"))
    return found


def _agreeing(targets: Array, rows: Array, sizes: Ints) -> Ints:
    """How many rows equal each target in these columns, int64[t]."""
    word = packed(np.concatenate([targets, rows]), sizes)
    asked, held = word[: len(targets)], np.sort(word[len(targets) :])
    return np.searchsorted(held, asked, "right") - np.searchsorted(held, asked, "left")
