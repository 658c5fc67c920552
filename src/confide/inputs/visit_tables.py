"""Tables of visits, of the original and of a released file: read in one way, and checked to be comparable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.core.errors import DataError
from confide.inputs.columns import need, need_ids, numbers
from confide.inputs.keys import as_ids
from confide.inputs.places import Columns
from confide.inputs.reading import Reading
from confide.inputs.tables import Table, Tabular, read_table
from confide.inputs.times import Times, read_times, refuse_other_zone

A_YEAR = 366 * 86_400
"""Seconds by which a release may be earlier or later than its originals: times are cut to years at most."""
NEAR = 1.0
"""Degrees by which places of a release may be outside of the originals': noise and large cells move them."""
FEW = 0.01
"""A release of which fewer visits than this share are where and when the originals are is not theirs."""


def read_visit_table(given: Tabular, *, name: str, columns: Columns, reading: Reading) -> tuple[Table, Times]:
    """A table of visits, and its times.

    Raises:
        DataError: for a column that is missing or cannot be read; the rows are named.
    """
    ids = [c for c in (columns.user, columns.place) if c is not None]
    table = read_table(given, name=name, reading=reading, ids=ids)
    need(table.frame, columns.all, name=table.name)
    need_ids(table.frame, ids, name=table.name)
    form, zone = reading.time_format, reading.time_zone
    return table, read_times(table.frame, columns.time, name=table.name, form=form, zone=zone)


def refuse_elsewhere(tables: Sequence[Table], times: Sequence[Times], columns: Columns) -> None:
    """Check that a release can be compared with its originals: a zone as they have, and where they are.

    Args:
        tables, times: of the original, and of the released file.

    Raises:
        DataError: if one file alone has a zone, or the release has hardly a visit where and when the original
            has any.
    """
    names = (tables[0].name, tables[1].name)
    refuse_other_zone(times[0].form, times[1].form, names)
    then = _within(times[1].seconds, times[0].seconds, beyond=A_YEAR)
    if then.mean() < FEW:
        raise DataError(
            f"hardly a visit of {names[1]} ({times[1].form.years}) is of the time of {names[0]} "
            f"({times[0].form.years}): check the columns of times, or say how they are written "
            "(`--time-format`)."
        )
    if columns.lat is not None and columns.lon is not None:
        ours, theirs = (_points(table, columns.lat, columns.lon) for table in tables)
        there = np.logical_and.reduce([_within(theirs[i], ours[i], beyond=NEAR) for i in (0, 1)])
        what = f"check the columns of latitude and longitude ({columns.lat}, {columns.lon})"
    else:
        assert columns.place is not None
        known, shown = (as_ids(table.frame[columns.place]) for table in tables)
        there = shown.is_in(known.unique().implode()).to_numpy()
        what = f"give the places the same names in both (column {columns.place})"
    if there.mean() < FEW:
        raise DataError(f"{names[1]} and {names[0]} have hardly a place in common: {what}.")


def _within(values: Floats, original: Floats, *, beyond: float) -> Bools:
    return (values >= original.min() - beyond) & (values <= original.max() + beyond)


def _points(table: Table, lat: str, lon: str) -> tuple[Floats, Floats]:
    return numbers(table.frame, lat, name=table.name), numbers(table.frame, lon, name=table.name)
