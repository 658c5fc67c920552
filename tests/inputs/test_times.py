"""Times of a column in every form, back into the same form, and spans and lengths with their unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.inputs.iso_text import IsoForm
from confide.inputs.lengths import parse_length
from confide.inputs.times import EARLIEST, LATEST, TimeForm, parse_span, read_times, written_times

from . import doors

WHEN = dt.datetime(2009, 11, 3, 12, 30, tzinfo=dt.UTC)
SECONDS = 1_257_251_400
"""WHEN, by `date -u -d 2009-11-03T12:30Z +%s`."""


def read(values: Any, dtype: Any = None) -> list[float]:
    return read_times(pl.DataFrame({"t": pl.Series(values, dtype=dtype)}), "t", name="x").seconds.tolist()


@pytest.mark.parametrize(
    "values",
    [
        [SECONDS],
        [float(SECONDS)],
        [str(SECONDS)],
        [f" {SECONDS}.0 "],
        ["1.2572514e9"],
        [SECONDS * 1_000],
        [SECONDS * 1_000_000],
        [SECONDS * 1_000_000_000],
        [str(SECONDS * 1_000)],
        [WHEN],
        [WHEN.replace(tzinfo=None)],
        ["2009-11-03T12:30:00Z"],
        ["2009-11-03T12:30:00.000Z"],
        ["2009-11-03 12:30:00"],
        [" 2009-11-03 12:30"],
        ["2009-11-03T12:30"],
        ["2009-11-03T14:30:00.000+02:00"],
        ["2009-11-03T14:30+0200"],
        ["2009-11-03 14:30:00+02"],
        ["2009-11-03 14:30:00 +02:00"],
        ["2009-11-03T07:00-05:30"],
    ],
    ids=str,
)
def test_one_instant_in_every_form(values: list[Any]) -> None:
    assert read(values) == [SECONDS]


def test_dates_are_the_begin_of_their_day_and_fractions_stay() -> None:
    day = SECONDS - SECONDS % 86_400
    assert read([WHEN.date()]) == read(["2009-11-03"]) == [day]
    assert read(["2009-11-03", "2009-11-03 12:30"]) == [day, SECONDS]
    assert read(["2009-11-03T12:30:00.25Z"]) == read([SECONDS + 0.25]) == [SECONDS + 0.25]
    assert read(["2009-11-03T12:30"], pl.Categorical) == [SECONDS]


def test_before_1970_and_the_first_seconds_of_it_are_times_where_the_unit_is_said() -> None:
    early = pl.DataFrame({"t": [-1.0, 0.0, 9.0]})
    assert read_times(early, "t", name="x", form="s").seconds.tolist() == [-1, 0, 9]
    assert read_times(early * 1_000, "t", name="x", form="ms").seconds.tolist() == [-1, 0, 9]
    assert read(["1969-12-31T23:59:59.5Z"]) == [-0.5]


def test_zones_may_differ_from_row_to_row_as_in_summer() -> None:
    found = read_times(
        pl.DataFrame({"t": ["2010-03-28T01:30:00+01:00", "2010-03-28T03:30:00+02:00"]}), "t", name="x"
    )
    assert np.diff(found.seconds).tolist() == [3_600]
    assert written_times(found.seconds, like=found.form).to_list() == [
        "2010-03-28T00:30:00Z",
        "2010-03-28T01:30:00Z",
    ]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["2009-11-03T12:30Z", "2009-11-03 12:30"], r"with and without a time zone: row 2 .* has none"),
        (["2009-11-03 12:30"] * 2 + ["2009-11-03T12:30Z"], r"without a time zone: row 3 .* has one"),
        (["2009-11-03", "yesterday", "03.11.2009"], r"no time in rows 2, 3 \('yesterday'\)"),
        (["2009-11-03", "2009-13-03"], r"no time in row 2 \('2009-13-03'\)"),
        (["1257251400", "1257251401", "soon"], r"no time in row 3 \('soon'\)"),
        (["2009-11-03", "1257251400"], r"no time in row 2 \('1257251400'\)"),
        (["9999-01-01"], r"no time in row 1 .*between 1900 and 2099"),
        (["0000-01-01", "2009-11-03"], "no time in row 1 "),
        ([dt.date(1776, 7, 4)], "no time in row 1 "),
        ([5_000_000_000], r"no time in row 1 \(5000000000\): it counts neither seconds"),
        ([20150314, 20150401], r"no time in rows 1, 2 \(20150314\).*`--time-format %Y%m%d`"),
        ([20150314152740], r"no time in row 1 .*`--time-format %Y%m%d%H%M%S`"),
        ([16_508], r"no time in row 1 \(16508\): it counts neither seconds since 1970, from 1980"),  # days
        ([2015, 2016], "no time in rows 1, 2 "),
        ([39744.1201851852], "no time in row 1 "),  # GeoLife: days since 1899
        ([42_077.5], "no time in row 1 "),  # a serial number of Excel
        ([635_619_744_000_000_000], "no time in row 1 "),  # ticks of .NET: 100 ns since the year 1
        (["20150314"], r"no time in row 1 \('20150314'\)"),
        (["08.09.2001 03:39"], r"no time in row 1 .*`--time-format '%d\.%m\.%Y %H:%M'`"),
        ([SECONDS, 0, SECONDS], r"no time in row 2 \(0\), where the other rows are seconds since 1970"),
        ([1e30], "no time in row 1 "),
        ([SECONDS, SECONDS, SECONDS * 1_000], r"mixes units: row 3 \(1257251400000\)"),
        ([SECONDS * 1_000, SECONDS * 1_000, SECONDS], r"mixes units: row 3 \(1257251400\)"),
        ([1.0, np.nan], "no number in row 2"),
        (["2009-11-03", None], r"no time in row 2 \(None\)"),
        ([True], "of type Boolean: give datetimes"),
        ([dt.timedelta(1)], "of type Duration"),
        ([dt.time(1)], "of type Time"),
        ([[SECONDS]], "of type List"),
    ],
    ids=str,
)
def test_what_is_no_time_is_named_by_row(values: list[Any], says: str) -> None:
    with pytest.raises(DataError, match=f"x: column 't' .*{says}"):
        read(values)


def test_a_date_that_polars_cannot_show_is_named_too() -> None:
    # The year 800,000: a panic of polars where it is to be a datetime, or an object of Python.
    far = pl.Series("t", [0, 300_000_000]).cast(pl.Date)
    with pytest.raises(DataError, match=r"no time in row 2 \(300000000\)"):
        read_times(far.to_frame(), "t", name="x")


def test_what_was_assumed_is_said() -> None:
    def notes(values: list[Any]) -> tuple[str, ...]:
        return read_times(pl.DataFrame({"t": values}), "t", name="x").form.notes

    for plain in (["2009-11-03T12:30Z"], [WHEN]):
        assert notes(plain) == ()
    assert notes([SECONDS, 1_700_000_000]) == ("The times are read as seconds since 1970.",)
    for naive in (["2009-11-03"], [WHEN.date()], [WHEN.replace(tzinfo=None)]):
        assert notes(naive) == ("The times name no zone: they are taken as UTC.",)
    assert notes([SECONDS * 1_000]) == ("The times are read as milliseconds since 1970.",)


MICROS = st.integers(int(EARLIEST) * 1_000_000, int(LATEST) * 1_000_000)
RECENT = st.integers(400_000_000_000_000, int(LATEST) * 1_000_000)
"""From 1982 on: earlier numbers are not taken for times."""
SINCE_1995 = st.integers(800_000_000_000_000, int(LATEST) * 1_000_000)


def columns(ticks: int, form: TimeForm, instants: st.SearchStrategy[int] = MICROS) -> st.SearchStrategy[Any]:
    """Columns in this form, of instants that are multiples of `ticks` microseconds."""
    return st.lists(instants, min_size=1, max_size=5).map(lambda us: ([u // ticks * ticks for u in us], form))


def of_text(ticks: int, *form: Any) -> st.SearchStrategy[Any]:
    return columns(ticks, TimeForm(pl.String(), iso=IsoForm(*form)))


CASES = {
    "date": columns(86_400_000_000, TimeForm(pl.Date())),
    "datetime, us": columns(1, TimeForm(pl.Datetime("us"))),
    "datetime, ms, Berlin": columns(1_000, TimeForm(pl.Datetime("ms", "Europe/Berlin"))),
    "datetime, ns, UTC": columns(1, TimeForm(pl.Datetime("ns", "UTC"))),
    "whole seconds": columns(1_000_000, TimeForm(pl.Int64()), RECENT),
    "seconds": columns(1, TimeForm(pl.Float64()), RECENT),
    "milliseconds": columns(1_000, TimeForm(pl.Int64(), "ms"), RECENT),
    "microseconds": columns(1, TimeForm(pl.UInt64(), "us"), RECENT),
    "nanoseconds": columns(1, TimeForm(pl.Int64(), "ns"), SINCE_1995),
    "seconds as text": columns(1_000_000, TimeForm(pl.String()), RECENT),
    "seconds and a tenth as text": columns(100_000, TimeForm(pl.String(), digits=1), RECENT),
    "milliseconds as text": columns(10, TimeForm(pl.String(), "ms", 2), RECENT),
    "day as text": of_text(86_400_000_000, "", False, 0, ""),
    "minute as text": of_text(60_000_000, " ", False, 0, ""),
    "second with zone as text": of_text(1_000_000, "T", True, 0, "Z"),
    "fraction with offset as text": of_text(100, "T", True, 4, "-05:30"),
}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=60)
@given(data=st.data())
def test_times_written_are_read_as_the_same_instants(name: str, data: st.DataObject) -> None:
    micros, form = data.draw(CASES[name])
    written = written_times(np.array(micros) / 1e6, like=form)
    assert written.dtype == form.dtype
    again = read_times(pl.DataFrame({"t": written}), "t", name="x")
    assert np.rint(again.seconds * 1e6).astype(np.int64).tolist() == micros
    assert written_times(again.seconds, like=again.form).equals(written), "its form was read too"


WRITTEN: dict[str, tuple[list[Any], Callable[[pl.Series], pl.Series] | None]] = {
    "text": (["2010-10-07 15:27:40.5000+02:00", "2010-10-07 15:27:41.2500+02:00"], None),
    "postgres": (["2010-10-07 15:27:40+02"], None),
    "decimals": (["1286465260.50", "1286465261.25"], None),
    "enum": (["2010-10-07"], lambda s: s.cast(pl.Enum(["2010-10-07"]))),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_text_is_written_letter_by_letter_as_it_was(name: str) -> None:
    values, cast = WRITTEN[name]
    column = pl.Series("t", values) if cast is None else cast(pl.Series("t", values))
    found = read_times(column.to_frame(), "t", name="x")
    assert written_times(found.seconds, like=found.form).to_list() == values


def test_what_a_form_cannot_hold_is_cut_off() -> None:
    late = np.array([SECONDS + 0.999_999])
    assert written_times(late, like=TimeForm(pl.Int64()))[0] == SECONDS
    assert written_times(late, like=TimeForm(pl.Date()))[0] == WHEN.date()
    assert written_times(-late, like=TimeForm(pl.Int64()))[0] == -SECONDS - 1, "never later than it was"
    minute = IsoForm("T", False, 0, "Z")
    assert written_times(late, like=TimeForm(pl.String(), iso=minute))[0] == "2009-11-03T12:30Z"
    with pytest.raises(DataError, match="does not fit into a column of type Int32"):
        written_times(np.array([LATEST]), like=TimeForm(pl.Int32()))


FORMATS = [
    (
        ["03.11.2009 13:30"],
        "%d.%m.%Y %H:%M",
        "Europe/Berlin",
        "%d.%m.%Y %H:%M without zone, taken as Europe/Berlin",
    ),
    (["11/03/2009 07:30 AM"], "%m/%d/%Y %I:%M %p", "America/New_York", None),
    (["2009-11-03T13:30:00+0100"], "%Y-%m-%dT%H:%M:%S%z", None, "%Y-%m-%dT%H:%M:%S%z with zone UTC"),
    ([20091103123000], "%Y%m%d%H%M%S", None, None),
    (["2009-11-03 13:30"], None, "Europe/Berlin", "ISO without zone, taken as Europe/Berlin"),
    (["2009-11-03T13:30+01:00"], None, "America/New_York", "ISO with zone +01:00"),  # a zone of its own wins
    ([WHEN.replace(tzinfo=None)], None, "UTC", "datetime without zone, taken as UTC"),
    ([SECONDS * 1_000], "ms", "Europe/Berlin", "milliseconds since 1970"),
]


@pytest.mark.parametrize(("values", "form", "zone", "words"), FORMATS, ids=str)
def test_the_format_and_the_zone_that_the_user_says(
    values: list[Any], form: str | None, zone: str | None, words: str | None
) -> None:
    """`TZ=Europe/Berlin date -d '2009-11-03 13:30' +%s` and its like in New York give SECONDS."""
    frame = pl.DataFrame({"t": values})
    found = read_times(frame, "t", name="x", form=form, zone=zone)
    assert found.seconds.tolist() == [SECONDS]
    assert words is None or found.form.words == words
    written = written_times(found.seconds, like=found.form)
    again = read_times(written.to_frame("t"), "t", name="x", form=form, zone=zone)
    assert again.seconds.tolist() == [SECONDS] and written.dtype == frame["t"].dtype


def test_what_no_clock_shows_and_what_is_not_in_the_format_is_named() -> None:
    frame = pl.DataFrame({"t": ["2010-03-28 02:30", "2010-03-28 03:30"]})
    with pytest.raises(DataError, match=r"no clock of Europe/Berlin shows, in row 1 "):
        read_times(frame, "t", name="x", zone="Europe/Berlin")
    with pytest.raises(DataError, match=r"not written as %d\.%m\.%Y in rows 1, 2 "):
        read_times(frame, "t", name="x", form="%d.%m.%Y")


def test_spans_have_a_unit() -> None:
    assert [parse_span(t) for t in ("90s", "30min", "12h", "14d", "2w", " 1.5 d ")] == [
        90, 1_800, 43_200, 1_209_600, 1_209_600, 129_600,
    ]  # fmt: skip
    assert parse_span("0d") == 0


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("14", {}, r"^'14' has no unit: write 14d for days, or 14h for hours\.$"),
        (14, {}, "'14' has no unit: write 14d for days"),
        (1.5, {"likely": ("h", "d")}, r"'1\.5' has no unit: write 1\.5h for hours, or 1\.5d for days"),
        ("soon", {}, r"'soon' is no span of time: write it like 14d, 4h or 30min"),
        ("-3d", {}, "'-3d' is no span of time"),
        ("3m", {}, "'3m' is no span of time"),
        ("", {}, "'' is no span of time"),
        (float("nan"), {}, "nan is no span of time"),
        ("0h", {"least": 1}, r"'0h' is too short a span of time: give at least 1s"),
        ("522w", {"least": 1}, "'522w' is longer than ten years: give at most 3650d"),
    ],
)
def test_spans_that_are_refused(text: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        parse_span(text, **options)


def test_lengths_have_a_unit() -> None:
    assert (parse_length("500m"), parse_length("1.5 km")) == (500, 1_500)
    for text, says in (
        ("500", "'500' has no unit: write 500m for metres, or 500km for kilometres"),
        (500, "'500' has no unit"),
        ("wide", "'wide' is no length: write it like 500m or 1km"),
        ("0.5m", "'0.5m' cannot be the side of a cell: give 1m to 1,000km"),
        ("1001km", "give 1m to 1,000km"),
    ):
        with pytest.raises(DataError, match=says):
            parse_length(text)


@pytest.mark.parametrize("door", [doors.ratings, doors.traces])
def test_one_time_for_everybody_is_refused(door: Any) -> None:
    """It would look as if everybody did everything at once, and no attack could use when they did it."""
    frame = pl.DataFrame({"u": ["a", "b", "c"], "p": ["x", "y", "x"], "t": [1_600_000_000] * 3})
    place = {"item": "p"} if door is doors.ratings else {"place": "p"}
    with pytest.raises(DataError, match="one time for everybody"):
        door(frame, user="u", time="t", **place)
