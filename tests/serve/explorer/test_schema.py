"""The public schema: what it reads, and that every fault is named by line and key."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from tests.serve.explorer.conftest import SCHEMA

from confide.core.errors import DataError
from confide.serve.explorer.agreement import need_agreement
from confide.serve.explorer.groups import groups_of
from confide.serve.explorer.lines import lines_of
from confide.serve.explorer.reading import read_schema
from confide.serve.explorer.schema import Numbers, Times

FINE = 'title = "x"\n[columns.age]\nlow = 0\nhigh = 10\nstep = 5\n'


def read(folder: Path, text: str):
    file = folder / "schema.toml"
    file.write_text(text, encoding="utf-8")
    return read_schema(file)


def test_a_schema_is_read_as_it_is_written(tmp_path: Path) -> None:
    schema = read(tmp_path, SCHEMA)
    assert schema.title == "Visits to clinics"
    assert list(schema.columns) == ["age", "state", "income", "visited", "lat", "lon"]
    assert list(schema.grouping) == ["age", "state", "visited", "lat", "lon"]
    assert list(schema.numbers) == ["age", "income", "lat", "lon"]
    state, visited = groups_of(schema.columns["state"]), groups_of(schema.columns["visited"])
    assert state.keys == ("north", "south", "west", None) and state.labels[-1] == "missing"
    assert visited.labels == ("2024-01", "2024-02", "2024-03", "2024-04", "2024-05")


FAULTS = {
    "a step of 0": (FINE.replace("5\n", "0\n"), "line 5 (columns.age.step)", "a number above 0"),
    "bounds inverted": (FINE.replace("low = 0", "low = 11"), "line 4 (columns.age.high)", "as low"),
    "no high": (FINE.replace("high = 10\n", ""), "line 2 (columns.age)", "never read from the data"),
    "nothing said": ('[columns.age]\nlabel = "Age"\n', "line 1 (columns.age)", "neither values nor bounds"),
    "a misspelt key": (FINE + "stepp = 1\n", "line 6 (columns.age.stepp)", "the nearest one is step"),
    "a strange key": ("hue = 1\n" + FINE, "line 1 (hue)", "the keys are title"),
    "text as bound": (FINE.replace("low = 0", 'low = "0"'), "line 3 (columns.age.low)", "no number"),
    "infinity": (FINE.replace("high = 10", "high = inf"), "line 4 (columns.age.high)", "finite"),
    "too many bins": (FINE.replace("step = 5", "step = 1e-9"), "line 5 (columns.age.step)", "groups"),
    "a value twice": ('[columns.s]\nvalues = [\n "a",\n "a"]\n', "line 2 (columns.s.values)", "twice"),
    "values of two kinds": ('[columns.s]\nvalues = ["a", 1]\n', "line 2 (columns.s.values)", "beside"),
    "true beside 1": ("[columns.s]\nvalues = [1, true]\n", "line 2 (columns.s.values)", "beside"),
    "a fraction": ("[columns.s]\nvalues = [1.5]\n", "line 2 (columns.s.values)", "no category"),
    "no list": ('[columns.s]\nvalues = "a"\n', "line 2 (columns.s.values)", "no list"),
    "no values": ("[columns.s]\nvalues = []\n", "line 2 (columns.s.values)", "0 groups"),
    "dates and times": (
        "[columns.d]\nlow = 2024-01-01\nhigh = 2024-01-02T00:00:00\n", "line 3 (columns.d.high)", "one form"),
    "a zone": (
        "[columns.d]\nlow = 2024-01-01T00:00:00Z\nhigh = 2025-01-01T00:00:00Z\n", "line 2 (columns.d.low)",
        "zone"),
    "hours of dates": (
        '[columns.d]\nlow = 2024-01-01\nhigh = 2024-01-09\nstep = "hour"\n', "line 4 (columns.d.step)",
        "no hours"),
    "a strange step": (
        '[columns.d]\nlow = 2024-01-01\nhigh = 2024-01-09\nstep = "era"\n', "line 4 (columns.d.step)",
        "hour"),
    "a map of nothing": (FINE + '[maps.m]\nlat = "age"\nlon = "x"\n', "line 8 (maps.m.lon)", "the lon of"),
    "a map of one": (FINE + '[maps.m]\nlat = "age"\nlon = "age"\n', "line 8 (maps.m.lon)", "name two"),
    "a share above 1": (FINE + "[analysts]\nada = 2\n", "line 7 (analysts.ada)", "at most 1"),
    "a share of words": (FINE + "[analysts]\nada = [1]\n", "line 7 (analysts.ada)", "no share"),
    "no groups at all": ("[columns.a]\nlow = 0\nhigh = 1\n", "line 1 (columns)", "makes groups"),
    "no columns": ('title = "x"\n', "(columns)", "no such table"),
    "a sign that acts": ('title = "a\\u001b[2J"\n' + FINE[12:], "line 1 (title)", "signs that show"),
    "a missing group of none": (
        "[columns.a]\nlow = 0\nhigh = 1\nmissing = true\n", "line 4 (columns.a.missing)", "give a step"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_line_and_key(tmp_path: Path, fault: str) -> None:
    text, where, what = FAULTS[fault]
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert where in str(error.value) and what in str(error.value), error.value


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2"):
        read(tmp_path, 'title = "x"\nlow ==\n')
    (tmp_path / "schema.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(DataError, match="UTF-8"):
        read_schema(tmp_path / "schema.toml")
    with pytest.raises(DataError, match="cannot be read"):
        read_schema(tmp_path / "none.toml")
    (tmp_path / "schema.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(DataError, match="larger"):
        read_schema(tmp_path / "schema.toml")


def test_lines_are_those_that_an_editor_shows() -> None:
    text = 'a = """\nb = 1\n"""\n\n[t."x y"]  # c\nv = [\n  1,\n]\np.q = 2\n[t.z]\n'
    assert lines_of(text) == {
        ("a",): 1, ("t", "x y"): 5, ("t", "x y", "v"): 6, ("t", "x y", "p", "q"): 9, ("t", "z"): 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    "low, high, step, labels",
    [
        (date(2024, 2, 28), date(2024, 3, 2), "day", ("2024-02-28", "2024-02-29", "2024-03-01")),
        # 2024-01-01 is a Monday.
        (date(2024, 1, 3), date(2024, 1, 9), "week", ("2024-01-03", "2024-01-08")),
        (date(2023, 11, 30), date(2024, 4, 1), "quarter", ("2023 Q4", "2024 Q1")),
        (date(2023, 12, 31), date(2025, 1, 1), "year", ("2023", "2024")),
        (
            datetime(2024, 1, 1, 22, 30),
            datetime(2024, 1, 2, 0, 0),
            "hour",
            ("2024-01-01 22h", "2024-01-01 23h"),
        ),
        (datetime(2024, 1, 1), datetime(2024, 2, 1, 0, 0, 1), "month", ("2024-01", "2024-02")),
    ],
)
def test_times_are_cut_by_the_calendar(low, high, step, labels) -> None:
    column = Times(name="t", label="t", description="", low=low, high=high, step=step)
    assert groups_of(column).labels == labels


def test_numbers_are_cut_at_their_steps() -> None:
    column = Numbers(name="x", label="x", description="", unit="", low=0.1, high=0.4, step=0.1, missing=True)
    # 0.3 / 0.1 is a little more than 3 in floats; there are three bins all the same.
    assert len(groups_of(column).keys) == 4 and groups_of(column).labels[-1] == "missing or outside"


@pytest.mark.parametrize(
    "kinds, words",
    [
        ({"age": "text"}, "holds texts"),
        ({"other": "integer"}, "no such column"),
        ({"age": "date"}, "holds dates"),
    ],
)
def test_a_schema_of_other_data_is_refused(tmp_path: Path, kinds, words) -> None:
    with pytest.raises(DataError, match=words):
        need_agreement(read(tmp_path, FINE), kinds, unit=None, file=tmp_path / "schema.toml")
    with pytest.raises(DataError, match="names people"):
        need_agreement(read(tmp_path, FINE), {"age": "integer"}, unit="age", file=tmp_path / "schema.toml")
    with pytest.raises(DataError, match=r"the bound 10\.5"):
        text = FINE.replace("high = 10", "high = 10.5")
        need_agreement(read(tmp_path, text), {"age": "integer"}, unit=None, file=tmp_path / "schema.toml")


def test_the_schema_of_the_documentation_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "explorer.md").read_text(encoding="utf-8")
    schema = read(tmp_path, page.partition("```toml\n")[2].partition("```")[0])
    assert list(schema.maps) == ["home"] and schema.analysts == {"ada": 0.25}
