"""Private statistics: numbers by key, each with the interval of its noise and that of noise and sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError
from confide.core.language import later

Key: TypeAlias = "str | int | float | tuple[Key, ...]"
"""What a group has in common: a value, or a value for each of several columns."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonRows:
    """Rows that statistics are made of: whose they are, what they say, and which key they have.

    Args:
        rows: n.
        person: int64[n], the person of each row by a number; None if each row is another person.
        values: float64[n] or int64[n], a number of each row; NaN where there is none. None if rows are
            counted only.
        group: int64[n], which of the keys each row has; -1 for none of them. None if there are no groups.
        keys: of the groups; `((),)`, one key for all rows, without groups.

    Raises:
        DataError: if the parts do not fit together.

    >>> ages = PersonRows.of(values=np.array([20, 30]), group=np.array(["b", "a"]), keys=("a", "c"))
    >>> ages.rows, ages.group.tolist()
    (2, [-1, 0])
    """

    rows: int
    person: Ints | None = None
    values: Array | None = None
    group: Ints | None = None
    keys: tuple[Key, ...] = ((),)

    def __post_init__(self) -> None:
        for name, part in (("person", self.person), ("values", self.values), ("group", self.group)):
            if part is not None and part.shape != (self.rows,):
                raise DataError(f"{name} has the shape {part.shape} for {self.rows} rows: give one for each.")
        if self.values is not None and self.values.dtype not in (np.float64, np.int64):
            raise DataError(f"values are {self.values.dtype}: give float64 or int64.")
        if len(set(self.keys)) < len(self.keys):
            raise DataError("a key is there twice: give each key once.")
        if self.group is not None and not ((self.group >= -1) & (self.group < len(self.keys))).all():
            raise DataError(
                f"a group is no number of one of {len(self.keys)} keys: give -1 for none of them."
            )

    @classmethod
    def of(
        cls,
        *,
        person: object = None,
        values: object = None,
        group: object = None,
        keys: tuple[Key, ...] | None = None,
        rows: int | None = None,
    ) -> PersonRows:
        """Rows from columns; people of any type, and keys of any type that has an order.

        Args:
            person: [n].
            values: [n], whole numbers stay whole.
            group: [n], the key of each row.
            keys: the public keys, in their order; rows with another key are in no group. None takes the keys
                that the data have, which only mechanisms for private keys may show.
            rows: n, where no column says it.
        """
        columns = [None if c is None else np.asarray(c) for c in (person, values, group)]
        n = next((len(c) for c in columns if c is not None), 0 if rows is None else rows)
        whose, what, which = columns
        if whose is not None:
            whose = np.unique(whose, return_inverse=True)[1].reshape(-1).astype(np.int64)
        if what is not None:
            if what.dtype.kind == "u":
                what = np.minimum(what, np.iinfo(np.int64).max)  # above, they would become negative
            what = what.astype(np.int64 if what.dtype.kind in "iub" else np.float64)
        if which is None:
            return cls(rows=n, person=whose, values=what)
        found, inverse = np.unique(which, return_inverse=True)
        labels = tuple(found.tolist())
        keys = labels if keys is None else keys
        place = {key: i for i, key in enumerate(keys)}
        number = np.array([place.get(label, -1) for label in labels], np.int64)
        return cls(rows=n, person=whose, values=what, group=number[inverse.reshape(-1)], keys=keys)

    def take(self, which: Array) -> PersonRows:
        """Some of the rows, by number or by mask; the keys stay as they are."""
        return PersonRows(
            rows=len(np.arange(self.rows)[which]),
            person=None if self.person is None else self.person[which],
            values=None if self.values is None else self.values[which],
            group=None if self.group is None else self.group[which],
            keys=self.keys,
        )

    @property
    def codes(self) -> Ints:
        """The key of each row by its number, int64[n]."""
        return np.zeros(self.rows, np.int64) if self.group is None else self.group


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statistics:
    """A release of m private numbers, each with two intervals.

    Args:
        names: what each number is: count, sum, mean, variance, deviation, quantile.
        keys: of the group of each number; `()` where there are no groups.
        values: float64[m]; noise can make a count negative. NaN where noise leaves it open.
        noise: float64[m, 2], in which the exact number of these rows is, in 95 of 100 releases: what privacy
            costs. NaN where it is not known.
        sample: float64[m, 2], in which the number of the population is, if these people were drawn from it at
            random: privacy and chance together. NaN where it is not known.

    Raises:
        DataError: if shapes differ.
    """

    shown: ClassVar[str] = later("statistics")

    names: tuple[str, ...]
    keys: tuple[Key, ...]
    values: Floats
    noise: Floats
    sample: Floats

    def __post_init__(self) -> None:
        m = len(self.names)
        shapes = (len(self.keys), self.values.shape, self.noise.shape, self.sample.shape)
        if shapes != (m, (m,), (m, 2), (m, 2)):
            raise DataError(f"{m} names for keys, values and intervals of {shapes}: give one of each.")

    def __len__(self) -> int:
        return len(self.names)

    def only(self, name: str) -> Statistics:
        """The numbers of one name."""
        which = np.flatnonzero(np.array([n == name for n in self.names], np.bool_))
        return Statistics(
            names=tuple(self.names[i] for i in which),
            keys=tuple(self.keys[i] for i in which),
            values=self.values[which],
            noise=self.noise[which],
            sample=self.sample[which],
        )
