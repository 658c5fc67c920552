"""Interactions of people with items, with ratings and days where they are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Ints
from confide.core.errors import DataError
from confide.core.language import later
from confide.views.people import chosen, digest_of, number_of, start_of


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """The k interactions of n people with m items, in the order of the people; each pair at most once.

    The types are small, so that a hundred million interactions fit into memory. Make one with
    `Interactions.of`.

    Args:
        person: int32[k] in 0..people-1, rising.
        item: int32[k] in 0..items-1, rising within each person.
        people: n; people without any interaction count too.
        items: m.
        rating: float32[k]; None if there are no ratings.
        day: float32[k], days since 1970-01-01; None if times are not known.

    >>> likes = Interactions.of(np.array([1, 0, 1]), np.array([5, 2, 0]), people=3)
    >>> likes.start.tolist(), likes.item.tolist(), likes.raters().tolist()
    ([0, 1, 3, 3], [2, 0, 5], [1, 0, 1, 0, 0, 1])
    >>> likes.take(np.array([1])).item.tolist()
    [0, 5]
    """

    shown: ClassVar[str] = later("interactions")

    person: NDArray[np.int32]
    item: NDArray[np.int32]
    people: int
    items: int
    rating: NDArray[np.float32] | None = None
    day: NDArray[np.float32] | None = None

    @classmethod
    def of(
        cls,
        person: Array,
        item: Array,
        *,
        people: int | None = None,
        items: int | None = None,
        rating: Array | None = None,
        day: Array | None = None,
    ) -> Interactions:
        """Build interactions from codes in any order; of a repeated pair the last one is kept.

        Raises:
            DataError: if the arrays differ in length, or a code is negative or too large.
        """
        if any(a is not None and len(a) != len(person) for a in (item, rating, day)):
            raise DataError(
                "persons, items, ratings and days differ in length: give one of each for each row."
            )
        # The key below needs codes in range: a code of m would be the first item of the next person.
        n, m = number_of("person", person, people), number_of("item", item, items)
        key = person.astype(np.int64) * m + item
        if not (key[1:] > key[:-1]).all():  # sorting 100 million keys takes long: skip it where it can be
            order = np.argsort(key, kind="stable")
            # A stable sort keeps the given order within a pair, so its last row is the last one given.
            # Cut to the length for the empty table, where the appended True would stand alone.
            last = np.append(key[order][1:] != key[order][:-1], True)[: len(order)]
            order = order[last]
            person, item = person[order], item[order]
            rating, day = (None if a is None else a[order] for a in (rating, day))
        return cls(
            person.astype(np.int32),
            item.astype(np.int32),
            n,
            m,
            None if rating is None else rating.astype(np.float32),
            None if day is None else day.astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.person)

    @property
    def start(self) -> Ints:
        """The offsets int64[n + 1]: person i has the interactions start[i] to start[i + 1] - 1."""
        return start_of(self.person, self.people)

    def counts(self) -> Ints:
        """The number of interactions of each person, int64[n]."""
        return np.diff(self.start)

    def raters(self) -> Ints:
        """The number of people who have each item, int64[m]."""
        return np.bincount(self.item, minlength=self.items).astype(np.int64)

    def rows(self, rows: Array) -> Interactions:
        """Only these interactions (a mask, or rising positions); people and items keep their codes."""
        return replace(
            self,
            **{
                name: None if (a := getattr(self, name)) is None else a[rows]
                for name in ("person", "item", "rating", "day")
            },
        )

    def take(self, people: Array) -> Interactions:
        """Only these people (a mask, or codes in any order, none twice), renumbered in that order."""
        rows, person, n = chosen(self.person, self.people, people)
        return replace(self.rows(rows), person=person, people=n)

    def digest(self) -> str:
        """A SHA-256 over all fields, which identifies the content in a cache."""
        return digest_of(self)
