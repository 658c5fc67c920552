"""ISO 8601 text: read as instants, with the form that writes it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.inputs.columns import first_of, named_rows

ZONE = r"\s*(Z|z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)$"
"""A zone at the end of a text; no clock is more than 14 hours off. Only texts longer than a date are asked,
for a date ends in -07 too."""
DAY = 10
"""Characters of a date alone, 2010-10-07."""
SHAPES = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
MICROSECONDS = 6
"""Digits after the second that are kept: float64 seconds of our time carry no more."""


@dataclass(frozen=True, slots=True)
class IsoForm:
    """How the texts of a column are written.

    Where rows differ, the finest of them counts: one row with seconds means that all are written with them.

    Args:
        gap: what stands between date and time, "T" or " "; empty for dates alone.
        seconds: whether seconds are written.
        digits: of the fraction of a second, 0 to 6.
        zone: what stands at the end, such as "Z" or "+02:00"; empty for times without a zone.
    """

    gap: str
    seconds: bool
    digits: int
    zone: str


def read_iso(given: pl.Series, *, name: str) -> tuple[Floats, IsoForm]:
    """Seconds since 1970 UTC of each text, float64[n], and the form of the texts.

    Either all rows name a zone or none does. Without one, times are taken as UTC. Zones may differ from row
    to row, as they do where summer time begins; such a column is written again in UTC.

    Raises:
        DataError: for rows that are no time, or that name a zone while others do not.
    """
    text = given.str.strip_chars()
    zone = text.to_frame("t").select(
        pl.when(pl.col("t").str.len_chars() > DAY).then(pl.col("t").str.extract(ZONE)).alias("zone")
    )["zone"]
    # Zones are cut off first: rows may name different ones or write them differently, and `SHAPES` has none.
    body = text.to_frame("t").select(
        pl.when(zone.is_null()).then(pl.col("t")).otherwise(pl.col("t").str.replace(ZONE, ""))
    )["t"]
    # A blank between date and time is as common as a T; from here on there is one form.
    whole = body.str.replace(r"^(.{10})\s", "${1}T")
    parsed = whole.to_frame("t").select(
        pl.coalesce(
            [pl.col("t").str.to_datetime(shape, strict=False, time_unit="us") for shape in SHAPES]
        ).alias("t")
    )["t"]
    wrong = parsed.is_null()
    if wrong.any():
        raise DataError(
            f"{name}: column {given.name!r} is no time in {named_rows(wrong)} ({first_of(given, wrong)}): "
            "write ISO 8601, such as 2010-10-07T15:27:40Z, or seconds since 1970, or say how they are "
            "written, such as `--time-format '%d.%m.%Y %H:%M'`."
        )
    bare = zone.is_null()
    if bare.any() and not bare.all():
        # The fewer rows are named: they are the ones that somebody has to correct.
        odd = bare if bare.sum() <= len(bare) / 2 else ~bare
        has = "none" if odd is bare else "one"
        raise DataError(
            f"{name}: column {given.name!r} mixes times with and without a time zone: {named_rows(odd)} "
            f"({first_of(given, odd)}) {'has' if odd.sum() == 1 else 'have'} {has}. Give all times in UTC."
        )
    zones = zone.drop_nulls().unique().to_list()
    seconds = pl.Series(instants(parsed))
    if zones:
        ahead = pl.Series([float(offset(z)) for z in zones])
        # A clock ahead of UTC shows a later time than UTC at the same instant.
        seconds -= zone.replace_strict(zones, ahead, return_dtype=pl.Float64)
    return seconds.to_numpy(), _form(whole, body, zones)


def instants(moments: pl.Series) -> Floats:
    """Seconds since 1970 of datetimes, float64[n], exact to the microsecond; NaN for null."""
    micros = moments.dt.epoch("us").cast(pl.Float64).fill_null(np.nan)
    # Divided by numpy: polars multiplies by the inverse, which is a microsecond off now and then.
    return micros.to_numpy() / 1e6


def written_iso(micros: pl.Series, form: IsoForm) -> pl.Series:
    """Texts in this form from int64[n] microseconds since 1970 UTC; what the form cannot hold is cut off."""
    local = (micros + offset(form.zone) * 1_000_000).cast(pl.Datetime("us"))
    if not form.gap:
        return local.dt.strftime("%Y-%m-%d")
    # %.6f always writes six digits; what the column did not have is cut off below.
    shape = f"%Y-%m-%d{form.gap}%H:%M" + ":%S" * form.seconds + "%.6f" * (form.digits > 0)
    text = local.dt.strftime(shape)
    if form.digits:
        text = text.str.slice(0, len("2010-10-07T15:27:40.") + form.digits)
    return text + form.zone


def offset(zone: str) -> int:
    """Seconds that a zone is ahead of UTC.

    >>> offset("+01:30"), offset("-05"), offset("Z")
    (5400, -18000, 0)
    """
    if zone in ("", "Z", "z"):
        return 0
    digits = zone[1:].replace(":", "")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60)


def _form(whole: pl.Series, body: pl.Series, zones: list[str]) -> IsoForm:
    timed = whole.str.len_chars() > DAY
    first = timed.arg_max()
    if not timed.any() or first is None:
        return IsoForm("", False, 0, "")
    # The most digits of all rows: fewer would cut off what some rows have.
    digits = whole.str.extract(r"\.([0-9]+)$").str.len_chars().max()
    return IsoForm(
        gap="T" if body[first][DAY] == "T" else " ",
        seconds=bool(whole.str.contains(r":[0-9]+:[0-9]").any()),
        digits=min(digits, MICROSECONDS) if isinstance(digits, int) else 0,
        # Several zones, as of summer and winter: only in UTC can every row be written.
        zone=zones[0] if len(zones) == 1 else "Z" if zones else "",
    )
