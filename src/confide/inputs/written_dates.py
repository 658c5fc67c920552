"""Dates in text columns: recognised where all cells of a column are written in one way, day first or ISO."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from confide.core.errors import DataError
from confide.inputs.formatted_times import read_formatted
from confide.inputs.iso_text import read_iso

CLOCK = r"(?:\d{1,2}:\d\d|\d{1,2}:\d\d:\d\d)"
DAY_FIRST = rf"^\d{{1,2}}\.\d{{1,2}}\.(?:1[89]|20|21)\d\d(?: {CLOCK})?$"
"""31.12.1997, 1.2.1990 7:20. With dots the day stands first everywhere; with slashes nobody can know."""
FORMS = {0: "%d.%m.%Y", 1: "%d.%m.%Y %H:%M", 2: "%d.%m.%Y %H:%M:%S"}
"""By the number of colons."""
ISO = r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?$"
ONE_DAY = re.compile(r"(?<!\d)(?<!\d\.)(\d{1,2})\.(\d{1,2})\.((?:1[89]|20|21)\d\d)(?!\d)(?!\.\d)")
A_DAY = 86_400


def dates_in(column: pl.Series) -> pl.Series | None:
    """The dates that a column of text holds, missing ones as null; None if one of its cells is none.

    >>> dates_in(pl.Series("born", ["31.12.1997", None, "1.2.1990"])).to_list()
    [datetime.date(1997, 12, 31), None, datetime.date(1990, 2, 1)]
    >>> dates_in(pl.Series("born", ["31.13.1997"])) is dates_in(pl.Series("born", ["1/2/1990"])) is None
    True
    """
    there = column.drop_nulls().str.strip_chars()
    seen = there.unique().sort()
    if not len(seen):
        return None
    try:
        if seen.str.contains(DAY_FIRST).all():
            colons = seen.str.count_matches(":")
            if colons.n_unique() > 1:
                return None
            seconds = read_formatted(seen, FORMS[int(colons[0])], name="the table")
        elif seen.str.contains(ISO).all():
            seconds, _ = read_iso(seen, name="the table")
        else:
            return None
    except DataError:  # a day that no month has: the column holds something else
        return None
    times = pl.Series(np.rint(seconds * 1e6).astype(np.int64)).cast(pl.Datetime("us"))
    if bool((seconds % A_DAY == 0).all()):
        times = times.cast(pl.Date)
    place = pl.DataFrame({"v": seen, "t": times})
    asked = column.str.strip_chars().to_frame("v")
    return asked.join(place, on="v", how="left", maintain_order="left")["t"].alias(column.name)


def in_iso(text: str) -> str:
    """A text with the days in it that are written day first as ISO 8601 has them.

    >>> in_iso("1.2.1990..31.12.1997")
    '1990-02-01..1997-12-31'
    """
    return ONE_DAY.sub(lambda d: f"{d[3]}-{int(d[2]):02}-{int(d[1]):02}", text)
