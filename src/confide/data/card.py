"""Cards of data sets: whose records they hold, under which terms, and what harm a leak would do."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from confide.core.errors import DataError
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The description of one data set.

    Args:
        name: its name in confide.
        title: its name in the literature.
        people: the people in it.
        records: the number of records that its publisher states.
        repeats: how many records equal an earlier one in features and class; `load(distinct=True)` leaves
            them out. None if they could not be counted.
        shape: the shape of one record's features; `(d,)` for a table of d columns.
        features: the features in words.
        task: the label to predict.
        classes: the names of the class codes 0, 1, ...
        terms: what its publisher allows, as far as known.
        redistribution: whether the terms clearly allow to pass it on.
        source: the publisher's page.
        get: how to get it and where to put it.
        harm: what a leak would do to a person in it.
        citation: what to cite.
        note: further facts to know before use.
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
        """Check that records have the features and classes of the card, and return them.

        Raises:
            DataError: if they have other ones.
        """
        shape = (records.x.width,) if isinstance(records.x, pl.DataFrame) else records.x.shape[1:]
        if shape != self.shape or not len(records):
            held = f"{len(records)} records of shape {shape}"
            raise DataError(f"{self.name}: the file has {held}, not of {self.shape}. {self.get}")
        low, high = int(records.y.min()), int(records.y.max())
        # Codes that the card does not name would show as other classes in a report.
        if low < 0 or high >= len(self.classes):
            last = len(self.classes) - 1
            raise DataError(f"{self.name}: the file has classes {low} to {high}, not 0 to {last}. {self.get}")
        return records
