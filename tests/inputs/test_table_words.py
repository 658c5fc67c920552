"""Text that people read as dates is read as dates or warned of, and other text is not."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from confide.inputs.cells import cell_ranges
from confide.inputs.table import Table, read_data
from confide.inputs.table_words import dates_as_text
from confide.inputs.written_dates import dates_in
from confide.views.table import Domain


def of(*labels: str, missing: bool = False) -> Domain:
    return Domain("born", labels, missing=missing)


@pytest.mark.parametrize(
    "labels",
    [
        ("31.12.1997", "1.2.1990"),
        ("31/12/1997", "01/02/1990"),
        ("12/31/1997", "02/01/1990"),
        ("1997/12/31", "1990.02.01"),
        ("31.12.1997 08:30", "01.02.1990 17:00:01"),
        (*(f"{day:02d}.01.1990" for day in range(1, 21)), "not known"),
    ],
)
def test_dates_that_are_read_as_text_are_warned_of(labels: tuple[str, ...]) -> None:
    (warning,) = dates_as_text([of(*labels)])
    assert warning.startswith("born was read as text") and "YYYY-MM-DD" in warning
    assert not any(label in warning for label in labels), "a warning shows no value"


@pytest.mark.parametrize(
    "labels",
    [
        ("f", "m"),
        ("1.2.3", "10.20.30"),
        ("31.13.1997", "32.12.1997"),
        ("12-34-5678", "12/31"),
        ("31.12.1997", "Berlin", "Rome"),
        (),
    ],
)
def test_other_text_is_not(labels: tuple[str, ...]) -> None:
    assert not dates_as_text([of(*labels)])


def test_a_missing_value_is_no_date_and_none_the_less() -> None:
    assert dates_as_text([of("31.12.1997", "(missing)", missing=True)])
    assert not dates_as_text([of("(missing)", missing=True)])


def test_a_table_is_read_with_the_warning_and_dates_without() -> None:
    frame = pl.DataFrame({"born": ["12/31/1997", "02/01/1990", "05/07/1981"], "sex": ["f", "m", "m"]})
    (warning,) = read_data(Table(frame, known="born,sex")).warnings
    assert warning.startswith("born ")
    dated = frame.with_columns(pl.col("born").str.to_date("%m/%d/%Y"))
    assert not read_data(Table(dated, known="born,sex")).warnings


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y-%m-%d"])
def test_text_of_dates_is_read_as_the_dates_are(form: str) -> None:
    days = [date(1981, 7, 5), None, date(1990, 2, 1), date(1997, 12, 31), date(1990, 2, 1)]
    dated = pl.DataFrame({"born": days, "sex": list("fmmfm")})
    text = dated.with_columns(pl.col("born").dt.strftime(form))
    one, other = (read_data(Table(frame, known="born,sex")) for frame in (dated, text))
    assert one.cells.digest() == other.cells.digest() and not other.warnings
    assert one.hierarchies["born"].digest() == other.hierarchies["born"].digest()
    assert any("Read as dates, the day first where they have dots: born." in note for note in other.notes)
    assert not any("Read as dates" in note for note in one.notes)


def test_days_that_no_month_has_and_several_forms_stay_text() -> None:
    for labels in (["31.12.1997", "31.02.1990"], ["31.12.1997", "1997-12-31"], ["1/2/1990", "3/4/1990"]):
        assert dates_in(pl.Series("born", labels)) is None
    hours = dates_in(pl.Series("at", ["1.2.1990 7:20", "31.12.1997 15:20"]))
    assert hours is not None and hours.to_list() == [
        datetime(1990, 2, 1, 7, 20),
        datetime(1997, 12, 31, 15, 20),
    ]


def test_a_released_column_may_write_its_days_and_ranges_in_either_way() -> None:
    days = pl.DataFrame({"born": [date(1990, 2, day) for day in (1, 7, 12, 20)]})
    domain = read_data(Table(days, known="born")).cells.domains[0]
    shown = pl.Series("born", ["01.02.1990", "7.2.1990..20.2.1990", "1990-02-01..1990-02-12", "<12.02.1990"])
    low, high = cell_ranges(shown, domain, name="r")
    assert low.tolist() == [0, 1, 0, 0] and high.tolist() == [0, 3, 2, 1]
    assert cell_ranges(shown[:1], domain, name="r")[0].tolist() == [0]
