"""Ghosh, Roughgarden, Sundararajan: Universally Utility-Maximizing Mechanisms (SICOMP 2012), by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.intervals import Cells, of_total
from confide.mechanisms.statistics.noisy_sums import NoisySums, noisy_people, noisy_sums
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import Key, PersonRows, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateCounts(Promise):
    """Counts the rows or the people of each public key, with noise.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* The person has at most K rows after the cut, which is independent of everybody else's. Rows: they
    move the counts by at most K in the L1 and L2 norms. People: a person counts once in each key, and so they
    move at most min(K, number of keys) counts by 1. The noise is made for that (`noisy_sums`). All given keys
    are answered, those that nobody has too, so that which keys are there says nothing.

    *Conditions.* Keys and `at_most` are public. Keys that were read from the data break the promise: use
    `PrivateKeys`.

    The interval of noise is exact. The one for noise and chance takes it that people came at random: a count
    then varies by its root, or by up to `at_most` times as much where a person has several rows.

    Args:
        of: "rows" or "people"; of people who have at most one row, both are the same.

    >>> ages = PersonRows.of(group=np.array(["a"] * 300), keys=("a", "b"))
    >>> made = PrivateCounts(epsilon=1.0, noise="rehearsal")(ages, rng=np.random.default_rng(0))
    >>> made.view.keys, made.view.values.tolist()
    (('a', 'b'), [300.0, 1.0])
    """

    of: Literal["rows", "people"] = "rows"

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if self.of not in ("rows", "people"):
            raise PromiseError(f"of is {self.of!r}: count 'rows' or 'people'.")

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Count and publish."""
        choosing, noising = rng.spawn(2)
        found = self.counted(self.cut(data, choosing), noising)
        return outcome(self.noise, count_view(data.keys, found, self.weight), self.budget, "PrivateCounts")

    @property
    def weight(self) -> int:
        """What one person adds to a count at most."""
        return self.most if self.of == "rows" else 1

    def counted(self, data: PersonRows, rng: Rng) -> NoisySums:
        """The noisy counts of rows that were cut already."""
        keys = len(data.keys)
        entries = min(self.most, keys)
        if self.of == "rows":
            exact = count(data.codes, keys)
            return noisy_sums(self, exact, move=self.most, entries=entries, rng=rng)
        return noisy_people(self, people(data), entries=entries, rng=rng)


def count(group: Ints, groups: int) -> list[int]:
    """The rows of each group; those of none are not counted."""
    return np.bincount(group[group >= 0], minlength=groups).tolist()


def people(data: PersonRows) -> list[int]:
    """The people of each group, each once."""
    group = data.codes
    if data.person is None:
        return count(group, len(data.keys))
    inside = group >= 0
    both = np.unique(np.column_stack([data.person[inside], group[inside]]), axis=0)
    return count(both[:, 1], len(data.keys))


def count_view(keys: tuple[Key, ...], found: NoisySums, weight: int) -> Statistics:
    """Noisy counts with both intervals."""
    return statistics(keys, {"count": count_cells(found, weight)})


def count_cells(found: NoisySums, weight: int) -> Cells:
    """Noisy counts with both intervals. They are not cut at 0: a negative count would lie beside its own."""
    return of_total(found, 0, 1, each=weight)


def statistics(keys: tuple[Key, ...], cells: Mapping[str, Cells]) -> Statistics:
    """Numbers of all keys by name, with their intervals."""
    five = np.vstack([one.five for one in cells.values()])
    return Statistics(
        names=tuple(name for name in cells for _ in keys),
        keys=keys * len(cells),
        values=five[:, 0],
        noise=five[:, 1:3],
        sample=five[:, 3:],
    )
