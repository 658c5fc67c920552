"""What must be known of a data set before it is used: whose records, under which terms, what harm."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from confide.core.errors import DataError
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One data set on one card.

    Args:
        name: how confide calls it.
        title: how the literature calls it.
        people: who is in it.
        records: how many records its publisher states.
        repeats: how many of these equal an earlier one in features and class; `load(distinct=True)` leaves
            them out. None where we could not count them.
        shape: the shape of one record's features; `(d,)` for a table of d columns.
        features: what they are, in words.
        task: what is predicted.
        classes: the names of the class codes 0, 1, ...
        terms: what its publisher allows, as far as known.
        redistribution: do the terms clearly let others pass it on?
        source: the publisher's page.
        get: how to get it, and where it has to lie.
        harm: what a leak would do to somebody in it.
        citation: what to cite.
        note: what else to know before use.
    """

    name: str
    title: str
    people: str
    records: int
    repeats: int | None = 0
    shape: tuple[int, ...]
    features: str
    task: str
    classes: tuple[str, ...]
    terms: str
    redistribution: bool
    source: str
    get: str
    harm: str
    citation: str
    note: str = ""

    def check(self, records: Records) -> Records:
        """The same records, if they have the features and classes that the card states.

        Raises:
            DataError: if the file holds something else.
        """
        shape = (records.x.width,) if isinstance(records.x, pl.DataFrame) else records.x.shape[1:]
        if shape != self.shape or not len(records):
            held = f"{len(records)} records of shape {shape}"
            raise DataError(f"{self.name}: the file has {held}, not of {self.shape}. {self.get}")
        low, high = int(records.y.min()), int(records.y.max())
        if low < 0 or high >= len(self.classes):
            last = len(self.classes) - 1
            raise DataError(f"{self.name}: the file has classes {low} to {high}, not 0 to {last}. {self.get}")
        return records
