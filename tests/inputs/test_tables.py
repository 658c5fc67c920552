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
from confide.inputs.keys import as_ids
from confide.inputs.reading import Reading
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


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_name_with_the_signs_of_a_pattern_is_one_file(suffix: str, tmp_path: Path) -> None:
    """As a pattern, `a[1]` is the file a1, and `a*` are both: other people's rows, without a word."""
    for name, frame in (("a1", FRAME.head(1)), ("a[1]", FRAME), ("a*", FRAME.head(0))):
        getattr(frame, f"write_{suffix}")(tmp_path / f"{name}.{suffix}")
    assert read_table(tmp_path / f"a[1].{suffix}", name="x").frame.equals(FRAME)
    with pytest.raises(DataError, match="rows"):
        read_table(tmp_path / f"a*.{suffix}", name="x")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
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
    assert frame["count"].to_list() == [10, 0, -3] and frame["part"].to_list() == ["0.5", "00.5", "1"]


def table(text: str | bytes, path: Path, **options: Any) -> pl.DataFrame:
    """The frame that is read from a csv file with this text."""
    (path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path / "t.csv", name="x", **options).frame


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["038", "250.8"], ["038", "250.8"]),  # codes of diseases
        (["12e3", "7"], ["12e3", "7"]),
        (["1e5", "2"], ["1e5", "2"]),
        (["1e16", "2.5"], [1e16, 2.5]),  # what is too long to be written out
        (["1.5e-3", "2"], [0.0015, 2.0]),
        (["12345678901234567", "1"], ["12345678901234567", "1"]),  # float64 gives back ...568
        (["7", "?"], [7, None]),
        (["7.5", " NA"], [7.5, None]),
        (["7", "none"], ["7", "none"]),
        (["01", "?"], ["01", "?"]),
        (["true", "false"], [True, False]),
        # Digits of other scripts: polars takes them for numbers, and would lose or refuse them.
        (["٣٤", "٧"], ["٣٤", "٧"]),
        (["٣٤", "NA"], ["٣٤", "NA"]),
        (["0٠", "7"], ["0٠", "7"]),
    ],
    ids=str,
)
def test_what_a_number_would_not_give_back_is_text(
    values: list[str], found: list[Any], tmp_path: Path
) -> None:
    assert table("code,n\n" + "".join(f"{v},1\n" for v in values), tmp_path)["code"].to_list() == found


@pytest.mark.parametrize(
    ("values", "people"),
    [
        (["7", "0007"], 2),
        (["7", "7.0"], 1),
        (["7", "07.0"], 2),
        (["12e3", "12000"], 2),
        (["9007199254740993", "9007199254740992"], 2),
        (["9007199254740993.0", "9007199254740992"], 2),
        (["123456789012345678901", "123456789012345678902"], 2),
        (["0", "0.0", "1000000000000000"], 2),
        (["7", "7.0", "9007199254740993", "9007199254740992"], 3),
        (["+7", "7"], 2),
        (["a", "7.0", "7"], 3),
    ],
    ids=str,
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_ids_are_the_text_that_is_written(
    values: list[str], people: int, suffix: str, tmp_path: Path
) -> None:
    if suffix == "csv":
        frame = table("user,n\n" + "".join(f"{v},1\n" for v in values), tmp_path, ids=["user"])
    else:
        frame = pl.DataFrame({"user": values})
    need_ids(frame, ["user"], name="x")
    assert as_ids(frame["user"]).n_unique() == people


def test_ids_that_float64_may_have_joined_are_refused() -> None:
    with pytest.raises(DataError, match=r"floats beyond 2\^53 in row 2, where two of them can be one"):
        need_ids(pl.DataFrame({"user": [1.0, 2.0**53]}), ["user"], name="x")


@pytest.mark.parametrize("word", ["", " ", "NA", "nan", "?", "null"])
def test_what_stands_for_a_missing_id_is_no_person(word: str) -> None:
    with pytest.raises(DataError, match="x: column 'user' is empty in row 2"):
        need_ids(pl.DataFrame({"user": ["a", word]}), ["user"], name="x")


def test_ids_in_digits_of_another_script_are_text() -> None:
    ids = as_ids(pl.Series(["1٣", "9", "10"]))
    assert coded(ids).labels.to_list() == ["10", "1٣", "9"]


def test_ids_stand_in_one_order_whether_they_are_text_or_numbers() -> None:
    text, whole, floats = (pl.Series(["10", "9", "-1"]).cast(k) for k in (pl.String, pl.Int64, pl.Float64))
    assert [coded(s).codes.tolist() for s in (text, whole, floats)] == [[2, 1, 0]] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_encodings_and_decimal_commas_are_recognised(encoding: str, separator: str, tmp_path: Path) -> None:
    rows = [["name", "kg", "n"], ["José", "1,5", "3"], ["Ann", "-0,25", "4"]]
    text = "\n".join(separator.join(row) for row in rows) + "\n"
    found = table(text.encode(encoding), tmp_path)
    assert found.to_dict(as_series=False) == {"name": ["José", "Ann"], "kg": [1.5, -0.25], "n": [3, 4]}


def test_what_can_be_read_in_two_ways_is_asked(tmp_path: Path) -> None:
    thousands = "kg;n\n1,250;3\n2,500;4\n"
    with pytest.raises(DataError, match=r"commas of column 'kg' may be decimal commas or part thousands"):
        table(thousands, tmp_path)
    assert table(thousands, tmp_path, reading=Reading(decimal=","))["kg"].to_list() == [1.25, 2.5]
    assert table(thousands, tmp_path, reading=Reading(decimal="."))["kg"].to_list() == ["1,250", "2,500"]
    with pytest.raises(DataError, match=r"column 'n' has a point in row 1 \('1\.250'\), and other columns"):
        table("kg;n\n1,5;1.250\n2,5;4\n", tmp_path)
    # A comma in a quoted value is a list where commas stand between values too.
    assert table('kg,n\n"1,5",3\n', tmp_path)["kg"].to_list() == ["1,5"]
    assert table('kg,n\n"1,5",3\n', tmp_path, reading=Reading(decimal="."))["kg"].to_list() == ["1,5"]


def test_the_separator_can_be_said(tmp_path: Path) -> None:
    found = table("a|b;c\n1|2\n", tmp_path, reading=Reading(separator="|"))
    assert found.to_dict(as_series=False) == {"a": [1], "b;c": [2]}
    # A header that two separators cut into as many parts is settled by the rows.
    assert table("a,b;c\n1,x;2\n3;4\n", tmp_path).columns == ["a,b", "c"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"separator": "::"}, "the separator is '::': give one character"),
        ({"decimal": "'"}, r"the decimal sign is \"'\": give \. or a comma"),
        ({"decimal": ",", "separator": ","}, "cannot be both"),
        ({"time_format": "dd.mm.yyyy"}, r"the format of times is 'dd\.mm\.yyyy': write it like %d"),
        ({"time_zone": "Berlin"}, "there is no time zone 'Berlin': give one such as Europe/Berlin"),
        ({"time_zone": "../../etc/passwd"}, "there is no time zone"),
    ],
    ids=str,
)
def test_a_reading_that_cannot_be_is_refused(said: dict[str, str], wrong: str) -> None:
    with pytest.raises(DataError, match=wrong):
        Reading(**said)


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
        "zeros.csv": b"a,b\n1,\x00\n",
        "odd.csv": b"\xff\xfea\x00,\x00b\x00\n",
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
        (
            "latin.csv",
            r"latin\.csv cannot be read as csv \(it is no UTF-8, rather Latin-1 .*save it as UTF-8",
        ),
        ("ragged.csv", r"ragged\.csv cannot be read as csv"),
        ("empty.csv", r"empty\.csv cannot be read as csv"),
        ("folder.csv", r"folder\.csv is a folder, and a table is one file"),
        ("twice.csv", r"twice\.csv has two columns called 'age'"),
        ("pandas", r"it has two columns called 'a'"),
        ("zeros.csv", r"zeros\.csv holds zero bytes, so it is no text: save it as UTF-8"),
        ("odd.csv", r"odd\.csv is no UTF-16-LE text: save it as UTF-8"),
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


def test_a_quotation_mark_in_a_header_is_one_however_the_column_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('id,"a ""b"" c",plain,"""q"""\n007,1,u,"x ""y"""\n008,2,v,z\n')
    table = read_table(path, name="it")
    assert table.frame.columns == ["id", 'a "b" c', "plain", '"q"']
    assert table.frame['"q"'].to_list() == ['x "y"', "z"] and table.frame['a "b" c'].to_list() == [1, 2]
    assert table.form is not None
    assert table.form.text(['a "b" c', "id"]).to_dict(as_series=False) == {
        "id": ["007", "008"],
        'a "b" c': ["1", "2"],
    }
    again = tmp_path / "again.csv"
    table.frame.write_csv(again)
    assert read_table(again, name="it").frame.columns == table.frame.columns


@pytest.mark.parametrize("name", ["parts", "parts.parquet"])
def test_a_folder_of_files_is_refused_with_the_way_to_join_them(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for part in ("a", "b"):
        pl.DataFrame({"v": [part]}).write_parquet(folder / f"{part}.parquet")
    with pytest.raises(DataError, match=r"is a folder, and a table is one file: join .*scan_parquet\("):
        read_table(folder, name="it")
    joined = tmp_path / "table.parquet"
    pl.scan_parquet(f"{folder}/*.parquet").sink_parquet(joined)  # as the message says
    assert sorted(read_table(joined, name="it").frame["v"].to_list()) == ["a", "b"]
