"""Times in a form that the user says, and times of a zone that the user says."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.inputs.columns import first_of, named_rows
from confide.inputs.iso_text import instants


def read_formatted(given: pl.Series, form: str, *, name: str) -> Floats:
    """Seconds since 1970 of texts (or digits) in a form such as %d.%m.%Y %H:%M, float64[n].

    Raises:
        DataError: for rows that are not written so.
    """
    text = given.cast(pl.String).str.strip_chars()
    try:
        parsed = text.str.to_datetime(form, strict=False, time_unit="us", ambiguous="earliest")
    except pl.exceptions.PolarsError as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise DataError(f"{form!r} is no format of times ({first}): write it like %d.%m.%Y %H:%M.") from error
    wrong = parsed.is_null()
    if wrong.any():
        raise DataError(
            f"{name}: column {given.name!r} is not written as {form} in {named_rows(wrong)} "
            f"({first_of(given, wrong)}): correct the rows or the format."
        )
    return instants(parsed)


def written_formatted(local: pl.Series, form: str) -> pl.Series:
    """Texts in this form from datetimes."""
    return local.dt.replace_time_zone("UTC").dt.strftime(form)


def from_zone(seconds: Floats, zone: str, given: pl.Series, *, name: str) -> Floats:
    """Seconds since 1970 UTC of times that are read off a clock of this zone, float64[n].

    The hour that a clock shows twice in autumn is the first of both.

    Raises:
        DataError: for a time that the clock skips in spring.

    >>> from_zone(np.array([1286465260.0]), "Europe/Berlin", pl.Series("t", ["x"]), name="x").tolist()
    [1286458060.0]
    """
    naive = pl.Series(np.rint(seconds * 1e6).astype(np.int64)).cast(pl.Datetime("us"))
    there = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    wrong = there.is_null()
    if wrong.any():
        raise DataError(
            f"{name}: column {given.name!r} holds times that no clock of {zone} shows, in "
            f"{named_rows(wrong)} ({first_of(given, wrong)}): give the zone that they are written in."
        )
    return instants(there)


def on_clock(micros: pl.Series, zone: str) -> pl.Series:
    """Microseconds since 1970 that a clock of this zone shows, for instants in microseconds UTC."""
    there = micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return there.dt.replace_time_zone(None).dt.epoch("us")
