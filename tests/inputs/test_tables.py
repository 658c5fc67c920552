"""One reader of tables: the same rows from every form they come in, and one sentence for what is no table."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.columns import coded, need_ids, numbers
from confide.inputs.tables import digest_of_file, read_table

FRAME = pl.DataFrame({"user": ["b", "a"], "stars": [3, 4], "lat": [48.5, None]})


def test_the_same_rows_come_from_every_form(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "t.parquet")
    FRAME.write_csv(tmp_path / "t.CSV")
    held = FRAME.to_dict(as_series=False)
    for given in (tmp_path / "t.parquet", str(tmp_path / "t.CSV"), FRAME):
        assert read_table(given, name="x").frame.equals(FRAME)
    found = read_table(pd.DataFrame(held), name="x").frame
    assert found.with_columns(pl.col("lat").fill_nan(None)).equals(FRAME)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_of_a_csv_is_seen_in_its_header(separator: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.write_csv(path, separator=separator, include_bom=True)
    table = read_table(path, name="x")
    assert table.frame.equals(FRAME) and table.separator == separator and table.format == "csv"


def test_quotes_protect_a_separator_in_a_header(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"name; first, last";age\nann;3\n')
    assert read_table(path, name="x").frame.columns == ["name; first, last", "age"]


def test_codes_with_leading_zeros_stay_text_and_numbers_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("code,count,part\n12,10,0.5\n007,0,00.5\n8,-3,1\n")
    frame = read_table(path, name="x").frame
    assert frame["code"].to_list() == ["12", "007", "8"]
    assert frame["count"].to_list() == [10, 0, -3] and frame["part"].to_list() == [0.5, 0.5, 1.0]


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n")
    assert digest_of_file(path) == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def of(what: str, path: Path) -> Any:
    """Something that is no table."""
    write = {
        "half.parquet": b"PAR1 this is no table",
        "latin.csv": "name,age\nJosé,3\n".encode("latin-1"),
        "twice.csv": b"age,name,age\n1,a,2\n",
        "ragged.csv": b"a,b\n1,2\n1,2,3,4\n",
        "empty.csv": b"",
        "header.csv": b"a,b\n",
        "sheet.xlsx": b"PK",
    }
    if what in write:
        (path / what).write_bytes(write[what])
    if what == "folder.csv":
        (path / what).mkdir()
    if what == "pandas":
        return pd.DataFrame([[1, 2]], columns=pd.Index(["a", "a"]))
    return {"dict": {"a": [1]}, "none": None}.get(what, path / what)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("gone.csv", r"gone\.csv does not exist: check the path"),
        ("sheet.xlsx", r"sheet\.xlsx is not a \.parquet, \.csv or \.npz file"),
        ("half.parquet", r"half\.parquet cannot be read as parquet"),
        ("latin.csv", r"latin\.csv cannot be read as csv .*save it as UTF-8"),
        ("ragged.csv", r"ragged\.csv cannot be read as csv"),
        ("empty.csv", r"empty\.csv cannot be read as csv"),
        ("folder.csv", r"folder\.csv cannot be opened"),
        ("twice.csv", r"twice\.csv has two columns called 'age'"),
        ("pandas", r"it has two columns called 'a'"),
        ("header.csv", r"header\.csv has no rows"),
        ("dict", "it is of type dict: give a file or a frame"),
        ("none", "it is of type NoneType: give a file or a frame"),
    ],
)
def test_what_is_no_table_gets_one_sentence(what: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_table(of(what, tmp_path), name="it", others=(".npz",))


def test_pandas_columns_of_every_kind_keep_their_values() -> None:
    when = pd.to_datetime(pd.Series([1_286_465_260, 1_286_465_261]), unit="s")
    frame = pd.DataFrame(
        {
            "text": ["a", np.nan],
            "string": pd.array(["a", pd.NA], dtype="string"),
            "whole": pd.array([1, pd.NA], dtype="Int64"),
            "full": pd.array([1, 2], dtype="Int32"),
            "yes": pd.array([True, pd.NA], dtype="boolean"),
            "float": [0.5, np.nan],
            "rank": pd.Categorical(["low", None], categories=["low", "high"]),
            "coded": pd.Categorical([3, 4]),
            "when": when,
            "second": when.astype("datetime64[s]"),
            "utc": when.dt.tz_localize("UTC"),
            "berlin": when.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
            "offset": pd.to_datetime(pd.Series(["2010-10-07T15:00+02:00"] * 2)),
            "gap": pd.Series([when[0], pd.NaT]),
            "date": [dt.date(2010, 10, 7), None],
            "money": [Decimal("1.5"), None],
        }
    )
    found = read_table(frame, name="x").frame
    moment = dt.datetime(2010, 10, 7, 15, 27, 40)
    assert found["text"].to_list() == found["string"].to_list() == ["a", None]
    assert found["whole"].to_list() == [1, None] and found["full"].to_list() == [1, 2]
    assert found["yes"].to_list() == [True, None]
    assert found["float"][0] == 0.5 and np.isnan(found["float"][1])
    assert found["rank"].dtype == pl.Enum(["low", "high"]) and found["coded"].to_list() == [3, 4]
    assert found["when"][0] == found["second"][0] == moment
    assert found["gap"].to_list() == [moment, None]
    assert found["utc"][0] == found["berlin"][0] == moment.replace(tzinfo=dt.UTC)
    assert found["berlin"].dtype == pl.Datetime(found["berlin"].dtype.time_unit, "Europe/Berlin")  # pyright: ignore
    assert found["offset"][0] == dt.datetime(2010, 10, 7, 13, tzinfo=dt.UTC)
    assert found["date"].to_list() == [dt.date(2010, 10, 7), None]
    assert found["money"].to_list() == [Decimal("1.5"), None]


def test_ids_are_text_or_numbers() -> None:
    frame = pl.DataFrame({"text": ["a"], "cat": pl.Series(["a"], dtype=pl.Categorical), "n": [7]})
    need_ids(frame, frame.columns, name="x")
    for value in (True, [1], {"a": 1}, b"a", dt.date(2010, 1, 1)):
        with pytest.raises(DataError, match=r"column 'id' is of type .*: give ids as text or numbers"):
            need_ids(pl.DataFrame({"id": [value]}), ["id"], name="x")


def test_numbers_come_from_numbers_and_their_text() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["1.5", "2"], "c": [Decimal("0.5"), Decimal("2")]})
    frame = frame.with_columns(d=pl.Series(["7", "5"], dtype=pl.Enum(["5", "7"])), e=pl.lit(True))
    assert numbers(frame, "a", name="x").tolist() == [1, 2]
    assert numbers(frame, "b", name="x").tolist() == [1.5, 2]
    assert numbers(frame, "c", name="x").tolist() == [0.5, 2]
    assert numbers(frame, "d", name="x").tolist() == [7, 5], "the text, not the position in the list"
    assert numbers(frame, "e", name="x").tolist() == [1, 1]
    with pytest.raises(DataError, match=r"column 'l' is of type List.*give numbers"):
        numbers(pl.DataFrame({"l": [[1]]}), "l", name="x")
    with pytest.raises(DataError, match=r"column 'n' is no number in rows 1, 2 \(inf\)"):
        numbers(pl.DataFrame({"n": [np.inf, np.nan, 1.0]}), "n", name="x")


def test_a_value_outside_the_given_labels_is_named() -> None:
    with pytest.raises(DataError, match="column 'u' holds 'z', which is not among the known values"):
        coded(pl.Series("u", ["a", "z"]), labels=pl.Series(["a", "b"]))
