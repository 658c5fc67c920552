"""Domain files: what they say, what they are refused for, and a template that no value can change."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.inputs.domain import domain_of, read_domain, template
from confide.inputs.domain_cells import prepared
from confide.inputs.domain_text import key_text, toml_text
from confide.mechanisms.synthesize.columns.decoding import decode, drawn
from confide.mechanisms.synthesize.columns.encoding import encode

WHOLE = """
rules = [
  "end >= start",
  "age = years(birth, 2020-12-31)",
  { rule = "city -> state", table = { Boston = "MA", Chicago = "IL" } },
]

[columns.person_id]
kind = "key"

[columns.note]
kind = "drop"

[columns.sex]
kind = "category"
values = ["f", "m"]
nulls = true

[columns.birth]
kind = "date"
low = 1930-01-01
high = "2002-12-31"

[columns.age]
kind = "integer"
low = 0
high = 120

[columns.start]
kind = "date"
low = 2010-01-01
high = 2020-12-31

[columns.end]
kind = "date"
low = 2010-01-01
high = 2020-12-31
nulls = true

[columns."net pay"]
kind = "real"
low = 0
high = 1e5
step = 0.01
edges = [0, 0.01, 20_000, 1e5]
outside = "clip"

[columns.city]
kind = "category"
values = ["Boston", "Chicago"]

[columns.state]
kind = "category"
values = ["MA", "IL"]

[[zeros]]
sex = ["m", "(missing)"]
age = "0..30"
city = "Boston"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "domain.toml").write_text(WHOLE)
    domain = read_domain(tmp_path / "domain.toml")
    assert [m.name for m in domain.modelled] == ["sex", "birth", "start", "end - start", "net pay", "city"]
    assert domain.dropped == ("note",)
    assert domain.modelled[4].domain.labels == ("0", "0.01 to 19999.99", "20000 to 100000")
    sizes = [len(m.domain) for m in domain.modelled]
    made = drawn(
        lambda n, rng: rng.integers(0, sizes, (n, len(sizes))).astype(np.int32),
        400,
        domain,
        rng=np.random.default_rng(0),
    )
    assert made.frame.columns == [
        "person_id",
        "sex",
        "birth",
        "age",
        "start",
        "end",
        "net pay",
        "city",
        "state",
    ]
    wrong = made.frame.filter(
        (pl.col("sex").is_null() | (pl.col("sex") == "m"))
        & (pl.col("age") <= 30)
        & (pl.col("city") == "Boston")
    )
    assert not len(wrong) and made.frame["end"].null_count()
    assert (encode(made.frame, domain).table.low == made.codes).all()


SCHEMA = {
    "person_id": pl.Int64(),
    "name": pl.String(),
    "sex": pl.String(),
    "age": pl.Int32(),
    "pay": pl.Float64(),
    "born": pl.Date(),
    "seen": pl.Datetime("us"),
    "smokes": pl.Boolean(),
    "size": pl.Enum(["S", "M"]),
    "tags": pl.List(pl.String()),
    'odd "name"\x7f': pl.Int8(),
}


def test_a_template_is_a_domain_file_once_it_is_filled_in() -> None:
    said = tomllib.loads(template(SCHEMA))
    kinds = {name: column["kind"] for name, column in said["columns"].items()}
    assert list(kinds) == list(SCHEMA)
    assert list(kinds.values()) == ["key", "drop", "category", "integer", "real", "date", "date", "category",
                                    "category", "drop", "integer"]  # fmt: skip
    assert said["columns"]["smokes"]["values"] == [True, False]
    with pytest.raises(DataError, match="'sex' of kind category has no values: fill it in"):
        domain_of(said)
    columns = said["columns"]
    columns["sex"]["values"] = ["f", "m"]
    for name in ("age", "pay", 'odd "name"\x7f'):
        columns[name] |= {"low": 0, "high": 99}
    for name in ("born", "seen"):
        columns[name] |= {"low": date(1920, 1, 1), "high": date(2020, 1, 1)}
    domain = domain_of(said)
    codes = np.zeros((2, len(domain.modelled)), np.int32)
    frame = decode(codes, domain, rng=np.random.default_rng(0), schema=SCHEMA).frame
    assert dict(frame.schema) == {n: k for n, k in SCHEMA.items() if n not in domain.dropped}


@given(st.lists(st.tuples(st.integers(-99, 99), st.text(max_size=9), st.dates()), min_size=1, max_size=9))
@settings(max_examples=50, deadline=None)
def test_no_value_changes_a_template(rows: list[tuple[int, str, date]]) -> None:
    """Two files with the same names and types give the same bytes."""
    types = {"age": pl.Int64(), "town": pl.String(), "born": pl.Date()}
    frame = pl.DataFrame(rows, schema=types, orient="row")
    assert template(frame.schema) == template(pl.DataFrame(schema=types).schema)


@given(st.text(max_size=20))
def test_names_are_written_as_toml_reads_them(name: str) -> None:
    assert tomllib.loads(f"{key_text(name)} = {toml_text([name, 0.1, True])}") == {name: [name, 0.1, True]}


def test_words_for_missing_values_and_dates_as_text() -> None:
    domain = domain_of(
        {
            "columns": {
                "a": {"kind": "category", "values": ["x", "NA"], "nulls": True},
                "b": {"kind": "date", "low": date(2000, 1, 1), "high": date(2001, 1, 1), "nulls": True},
                "c": {"kind": "integer", "low": 0, "high": 1},
            }
        }
    )
    frame = pl.DataFrame({"a": ["NA", "?", "x"], "b": ["2000-12-31", "", " 2000-01-01"], "c": [0, 1, 0]})
    made = prepared(frame, domain)
    assert made["a"].to_list() == ["NA", None, "x"]
    assert made["b"].to_list() == [date(2000, 12, 31), None, date(2000, 1, 1)]
    assert len(encode(made, domain).table) == 3
    # Which of both numbers is the month would be guessed from all rows.
    with pytest.raises(DataError, match="no day as 2020-12-31 in 1 cells"):
        prepared(frame.with_columns(b=pl.Series(["2000-12-31", "", "1.2.2000"])), domain)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "describes no column"),
        ("columns = 3", "describes no column"),
        ("[columns", "is no TOML"),
        ("[columns.a]\nkind = 'drop'", "drops every column"),
        ("[columns.a]\nlow = 0", "has no kind"),
        ("[columns.a]\nkind = 'number'", "kind = 'number': say one of category"),
        ("[columns.a]\nkind = 'text'", "free text, which cannot be modelled"),
        ("[columns.a]\nkind = 'integer'\nlow = 0", "has no high: fill it in"),
        ("[columns.a]\nkind = 'integer'\nlow = 9\nhigh = 0", "low is 9 and high 0"),
        ("[columns.a]\nkind = 'real'\nlow = 0\nhigh = inf", "high is inf"),
        ("[columns.a]\nkind = 'real'\nlow = 0\nhigh = nan", "high is nan"),
        ("[columns.a]\nkind = 'integer'\nlow = 0\nhigh = 9\nbin = 3", "no setting 'bin': did you mean bins"),
        ("[columns.a]\nkind = 'integer'\nlow = 0\nhigh = 9\nbins = 2.5", "give their number"),
        ("[columns.a]\nkind = 'integer'\nlow = 0\nhigh = 9\nnulls = 1", "write true or false"),
        ("[columns.a]\nkind = 'integer'\nlow = 0\nhigh = 9\nedges = [0, 'x', 9]", "an edge is 'x'"),
        ("[columns.a]\nkind = 'integer'\nlow = 0\nhigh = 9\nedges = 3", "write a list"),
        ("[columns.a]\nkind = 'date'\nlow = 'soon'\nhigh = 2020-01-01", "low is 'soon'"),
        ("[columns.a]\nkind = 'date'\nlow = 2020-01-01\nhigh = 2020-01-02T00:00:00", "both in one way"),
        ("[columns.a]\nkind = 'category'\nvalues = 'x'", "write a list"),
        ("[columns.a]\nkind = 'category'\nvalues = [[1]]", "write a list"),
        ("[columns.a]\nkind = 'category'\nvalues = ['x', 'x']", "lists 'x' twice"),
        ("[columns.a]\nkind = 'category'\nvalues = ['x']\nother = 'y'", "not listed"),
        ("[columns.a]\nkind = 'key'\nprefix = 3", "write a word"),
        ("rule = []\n[columns.a]\nkind = 'key'", "did you mean rules"),
        ("rules = 'a > b'\n[columns.a]\nkind = 'key'", "write a list"),
        ("rules = [3]\n[columns.a]\nkind = 'key'", "a rule is 3"),
        ("rules = [{rule = 'a -> b', tables = 1}]\n[columns.a]\nkind = 'key'", "did you mean table"),
        ("zeros = [3]\n[columns.a]\nkind = 'key'", "a zero is 3"),
        ("[columns.a]\nkind = 'key'", "nothing to model"),
        ("[columns.a]\nkind = 'category'\nvalues = ['x', 'y']\n[[zeros]]\nb = 1", "a zero names 'b'"),
        ("[columns.a]\nkind = 'category'\nvalues = ['x', 'y']\n[[zeros]]\na = 'z'", "does not list"),
        ("[columns.a]\nkind = 'integer'\nlow=0\nhigh=9\n[[zeros]]\na = 'z'", 'write a span, "0..14"'),
        ("[columns.a]\nkind = 'integer'\nlow=0\nhigh=9\n[[zeros]]\na = '9..3'", "the smaller first"),
        ("[columns.a]\nkind = 'integer'\nlow=0\nhigh=9\n[[zeros]]\na = '(missing)'", "nulls = true"),
    ],
)
def test_refusals(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "domain.toml").write_text(text)
    with pytest.raises(DataError, match=said) as error:
        read_domain(tmp_path / "domain.toml")
    assert "domain.toml" in str(error.value)


def test_more_cells_than_memory(tmp_path: Path) -> None:
    text = "[columns.a]\nkind='integer'\nlow=0\nhigh=99999\nbins=90000\n"
    (tmp_path / "domain.toml").write_text(text + text.replace("columns.a", "columns.b"))
    with pytest.raises(DataError, match=r"'a' and 'b' have 8,100,000,000 cells together.* bins at most"):
        read_domain(tmp_path / "domain.toml")


def test_a_file_that_is_not_there_or_fits_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_domain(tmp_path / "none.toml")
    (tmp_path / "domain.toml").write_text("[columns.age]\nkind='integer'\nlow=0\nhigh=9")
    with pytest.raises(DataError, match="describes 'age', and the file has 'ages'"):
        read_domain(tmp_path / "domain.toml", schema={"ages": pl.Int64(), "sex": pl.String()})


ODD = (
    *(0, -1, 1, 2, 7.5, 1e300, 5e-324, float("inf"), float("nan"), True, 10**18, 2**52, 10**400),
    *("x", "f", "", "0..3", "9..3", "hour", "clip", "quantiles:3", "2020-01-01", "(missing)"),
    *(date(1, 1, 1), date(9999, 12, 31), datetime(2015, 1, 1), datetime(2020, 1, 1, 5, tzinfo=UTC)),
    *([], {}, [0, 1], ["f"], [1, 2.0], [True, False]),
)
SETTINGS = ("kind", "low", "high", "bins", "edges", "step", "nulls", "outside", "values", "other", "every")
RULES = (
    *(
        "end > start",
        "start < end",
        "birth <= start",
        "age = year(end) - year(start)",
        "age = age",
        "age = 5",
    ),
    *("state -> city", '"net pay" >= age', '"net pay" > "net pay"', "age + age <= 40", '"net pay" = 1 / age'),
    *("end = start + age", "end = start + 1e300", "years(birth, start) >= 18", "age * 1e308 * 1e308 >= 0"),
    *("age = round(1/0)", "birth = start - 9999", "age = end - start", "age >= 0", "age = 1e19"),
)


@st.composite
def odd_domains(draw: st.DrawFn) -> dict[str, object]:
    """The whole file with a few settings and rules that may be anything."""
    said = tomllib.loads(WHOLE)
    columns = st.sampled_from(list(said["columns"]))
    for _ in range(draw(st.integers(1, 2))):
        said["columns"][draw(columns)][draw(st.sampled_from(SETTINGS))] = draw(st.sampled_from(ODD))
    said["rules"] += draw(st.lists(st.sampled_from(RULES), max_size=2))
    said["zeros"] += draw(st.lists(st.dictionaries(columns, st.sampled_from(ODD), max_size=2), max_size=1))
    return said


@given(odd_domains())
@settings(max_examples=150, deadline=None)
def test_an_odd_file_is_refused_in_a_sentence_or_codes_rows(said: dict[str, object]) -> None:
    try:
        domain = domain_of(said)
        domain.need_cells()
    except DataError as error:
        assert len(str(error)) > 20
        return
    rng = np.random.default_rng(0)
    codes = rng.integers(0, [len(m.domain) for m in domain.modelled], (30, len(domain.modelled))).astype(
        np.int32
    )
    made = decode(codes, domain, rng=rng)
    assert (encode(made.frame, domain).table.low == codes[made.kept]).all()
