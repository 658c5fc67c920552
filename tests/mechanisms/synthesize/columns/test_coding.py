"""Encoding and decoding: each is the other's inverse on codes, in every type of file; and what is refused."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.decoding import decode, drawn
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.mechanisms.synthesize.columns.kinds import Column, Date, Integer, Real
from confide.mechanisms.synthesize.columns.rules import rule_of


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    """Any column that is modelled."""
    nulls, bins = draw(st.booleans()), draw(st.integers(1, 40))
    kind = draw(st.sampled_from(["category", "integer", "real", "stepped", "date", "hours"]))
    if kind == "category":
        values = draw(st.lists(st.text(max_size=5), min_size=2, max_size=9, unique=True))
        return Category(name, tuple(values), nulls=nulls)
    if kind == "integer":
        low = draw(st.integers(-(2**40), 2**40))
        return Integer(name, low, low + draw(st.integers(1, 2**40)), bins=bins, nulls=nulls)
    if kind == "real":
        low = draw(st.floats(-1e9, 1e9, allow_nan=False))
        return Real(name, low, low + draw(st.floats(1e-3, 1e9)), bins=bins, nulls=nulls)
    if kind == "stepped":
        step = draw(st.sampled_from([0.01, 0.1, 0.25, 1.0, 3.0]))
        low = draw(st.integers(-1_000, 1_000))
        return Real(
            name, low * step, (low + draw(st.integers(2, 1_000))) * step, bins=bins, step=step, nulls=nulls
        )
    low = draw(st.dates(date(1800, 1, 1), date(2100, 1, 1)))
    high = draw(st.dates(low.replace(year=low.year + 1, day=1), date(2200, 1, 1)))
    return Date(name, low, high, bins=bins, nulls=nulls, every="day" if kind == "date" else "hour")


@st.composite
def domains(draw: st.DrawFn) -> PublicDomain:
    more = [draw(columns(f"c{i}")) for i in range(draw(st.integers(1, 5)))]
    return PublicDomain((*more, Category("sex", ("f", "m"))))


@pytest.mark.slow
@given(domains(), st.integers(0, 2**32))
@settings(max_examples=120, deadline=None)
def test_decoding_then_encoding_gives_the_same_codes(domain: PublicDomain, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, [len(m.domain) for m in domain.modelled], (60, len(domain.modelled))).astype(
        np.int32
    )
    made = decode(codes, domain, rng=rng)
    assert made.kept.all() and made.frame.columns == [c.name for c in domain.columns]
    assert (encode(made.frame, domain).table.low == codes).all()


@given(st.integers(0, 2**32), st.integers(1, 30), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_same_with_differences(seed: int, bins: int, strict: bool) -> None:
    rng = np.random.default_rng(seed)
    low = [int(x) for x in rng.integers(-50, 50, 3)]
    columns = tuple(
        Integer(n, at, at + int(rng.integers(100, 200)), bins=bins, nulls=n == "c")
        for n, at in zip("abc", low, strict=True)
    )
    rules = (rule_of(f"b {'>' if strict else '>='} a"), rule_of("c >= b"))
    domain = PublicDomain(columns, rules)
    codes = rng.integers(0, [len(m.domain) for m in domain.modelled], (200, len(domain.modelled)))
    codes = codes.astype(np.int32)
    made = decode(codes, domain, rng=rng)
    assert (made.frame["b"] >= made.frame["a"] + strict).all()
    assert (made.frame["c"] >= made.frame["b"]).fill_null(True).all()
    assert (encode(made.frame, domain).table.low == codes[made.kept]).all()


@pytest.mark.parametrize(
    ("column", "kind", "cells"),
    [
        (Category("x", ("a", "b"), nulls=True), pl.String(), ["b", None, "a"]),
        (Category("x", ("a", "b"), nulls=True), pl.Categorical(), ["b", None, "a"]),
        (Category("x", ("a", "b")), pl.Enum(["b", "a"]), ["b", "b", "a"]),
        (Category("x", (True, False), nulls=True), pl.Boolean(), [False, None, True]),
        (Category("x", ("true", "false")), pl.Boolean(), [False, False, True]),
        (Category("x", (10, 20), nulls=True), pl.UInt8(), [20, None, 10]),
        (Category("x", ("10", "20")), pl.Int64(), [20, 10, 10]),
        (Category("x", (1, 2.5)), pl.Float64(), [2.5, 1.0, 1.0]),
        (Integer("x", 0, 200, bins=201), pl.UInt8(), [200, 0, 7]),
        (Integer("x", -5, 5, bins=11, nulls=True), pl.Float64(), [-5.0, None, 5.0]),
        (Real("x", 0, 1, bins=101, step=0.01), pl.Float32(), [0.25, 0.5, 0.75]),
        (Real("x", 0, 100, bins=101, step=1), pl.Decimal(10, 2), [25, 50, 75]),
        (Date("x", date(2020, 1, 1), date(2020, 1, 9), bins=9), pl.Date(), [date(2020, 1, 3)] * 3),
        (Date("x", date(1960, 1, 1), date(1960, 1, 9)), pl.Datetime("ns"), [datetime(1960, 1, 3)] * 3),
        (
            Date("x", date(1960, 1, 1), date(1960, 1, 3), bins=72, every="hour"),
            pl.Datetime("ms"),
            [datetime(1960, 1, 1, 5)] * 3,
        ),
    ],
)
def test_values_come_back_in_the_type_of_the_file(
    column: Column, kind: pl.DataType, cells: list[object]
) -> None:
    """One code a value: what comes back is what was there."""
    domain = PublicDomain((column, Integer("y", 0, 1)))
    frame = pl.DataFrame({"x": pl.Series(cells).cast(kind), "y": [0, 1, 0]})
    codes = encode(frame, domain).table.low
    made = decode(codes, domain, rng=np.random.default_rng(0), schema=frame.schema).frame
    assert made.equals(frame) and made.schema == frame.schema


def test_times_keep_their_zone() -> None:
    kind = pl.Datetime("us", "Europe/Berlin")
    column = Date("at", date(2020, 1, 1), date(2020, 12, 31), every="second", bins=50)
    domain = PublicDomain((column,))
    codes = np.arange(50, dtype=np.int32)[:, None]
    made = decode(codes, domain, rng=np.random.default_rng(0), schema={"at": kind}).frame
    assert made["at"].dtype == kind and (encode(made, domain).table.low == codes).all()


def test_short_floats_stay_in_their_bins() -> None:
    domain = PublicDomain((Real("x", 0.0, 1.0, bins=300),))
    codes = np.repeat(np.arange(300, dtype=np.int32), 300)[:, None]
    made = decode(codes, domain, rng=np.random.default_rng(0), schema={"x": pl.Float32()}).frame
    assert made["x"].dtype == pl.Float32 and (encode(made, domain).table.low == codes).all()


def test_values_fill_their_bins_evenly() -> None:
    """A bin of the whole numbers 0 to 9: chi-square of ten cells above 27.9 in one of 1,000 seeds."""
    domain = PublicDomain((Integer("x", 0, 19, bins=2),))
    made = decode(np.zeros((20_000, 1), np.int32), domain, rng=np.random.default_rng(0)).frame
    counts = np.bincount(made["x"].to_numpy(), minlength=10)
    assert len(counts) == 10 and ((counts - 2_000) ** 2 / 2_000).sum() < 27.9


def test_the_same_seed_gives_the_same_rows() -> None:
    columns = (Key("id"), Integer("a", 0, 99), Integer("b", 0, 99), Real("c", 0, 1))
    domain = PublicDomain(columns, (rule_of("b >= a"), rule_of("a + b <= 150")))
    sizes = [len(m.domain) for m in domain.modelled]
    one, two, other = (
        drawn(
            lambda n, rng: rng.integers(0, sizes, (n, 3)).astype(np.int32),
            500,
            domain,
            rng=np.random.default_rng(seed),
        ).frame
        for seed in (1, 1, 2)
    )
    assert one.equals(two) and not one.equals(other)


def test_keys_are_new_and_unique() -> None:
    domain = PublicDomain((Key("id"), Key("code", prefix="row"), Integer("a", 0, 9)))
    schema = {"id": pl.Int16(), "code": pl.String(), "a": pl.Int64()}
    codes = np.zeros((1_000, 1), np.int32)
    made = decode(codes, domain, rng=np.random.default_rng(0), schema=schema).frame
    assert made["id"].to_list() == list(range(1, 1_001)) and made["code"].n_unique() == 1_000
    assert made["code"][0] == "row0001"
    with pytest.raises(DataError, match="too short for 1,000 keys"):
        decode(codes, domain, rng=np.random.default_rng(0), schema={**schema, "id": pl.UInt8()})


def test_a_column_of_one_value_is_written_back() -> None:
    columns = (Category("land", ("US",)), Integer("year", 2020, 2020), Integer("a", 0, 9))
    domain = PublicDomain(columns)
    assert [m.name for m in domain.modelled] == ["a"]
    made = decode(np.zeros((2, 1), np.int32), domain, rng=np.random.default_rng(0)).frame
    assert made["land"].to_list() == ["US", "US"] and made["year"].to_list() == [2020, 2020]
    with pytest.raises(DataError, match="nothing to model"):
        PublicDomain((Key("id"), Category("land", ("US",))))


def test_one_column_and_fewer_rows_than_columns() -> None:
    only = PublicDomain((Category("sex", ("f", "m")),))
    assert encode(pl.DataFrame({"sex": ["m"]}), only).table.low.tolist() == [[1]]
    many = PublicDomain(tuple(Integer(f"c{i}", 0, 9) for i in range(30)))
    one = pl.DataFrame({f"c{i}": [i % 10] for i in range(30)})
    assert encode(one, many).table.low.shape == (1, 30)


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        (Integer("x", 0, 9), [1, 10, -1, 3], "'x' has a value outside the domain in 2 cells .row 2, 3"),
        (Integer("x", 0, 9), [1.0, 2.5], "outside the domain in 1 cell .row 2"),
        (Integer("x", 0, 9), [1, None], "'x' is empty in 1 cell .row 2"),
        (Real("x", 0, 9), [1.0, float("inf")], "outside the domain"),
        (Real("x", 0, 9), [1.0, float("nan")], "is empty in 1 cell"),
        (
            Category("x", ("a", "b")),
            ["a", "c", None],
            "is empty in 1 cell .row 3.*not listed in 1 cell .row 2",
        ),
        (Date("x", date(2020, 1, 1), date(2020, 1, 2)), [date(2020, 1, 3)], "outside the domain"),
        (Integer("x", 0, 9), [99] * 70, "70 cells .row 1, 2, 3, 4, 5 and 65 more"),
    ],
)
def test_cells_outside_the_domain_are_named_and_not_shown(
    column: Column, cells: list[object], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        encode(pl.DataFrame({"x": cells}, strict=False), PublicDomain((column,)))


def test_cells_outside_count_as_the_nearest_where_the_domain_says_so() -> None:
    columns = (
        Integer("a", 0, 9, outside="clip"),
        Category("b", ("x", "rest"), other="rest"),
        Real("c", 0, 1),
    )
    frame = pl.DataFrame({"c": [0.0, 1.0, 0.5], "b": ["y", "x", "z"], "a": [-3, 12, 5]})
    made = encode(frame, PublicDomain(columns))
    assert made.table.low.tolist() == [[0, 1, 0], [9, 0, 15], [5, 1, 8]]
    assert made.clipped == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"b": [1]}, "the domain describes 'a'"),
        ({"a": [1], "b": [2]}, "the file has 'b', and the domain says nothing"),
        ({"a": ["1"]}, "is of type String in the file and kind = 'integer'"),
        ({"a": pl.Series([1], dtype=pl.Int8)}, "cannot hold 200"),
        ({"a": [[1]]}, "List"),
    ],
)
def test_files_of_other_columns_or_types_are_refused(frame: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        encode(pl.DataFrame(frame), PublicDomain((Integer("a", 0, 200),)))


def test_reals_of_whole_numbers_are_integers() -> None:
    with pytest.raises(DataError, match=r"say step = 0.01"):
        encode(pl.DataFrame({"a": pl.Series([1]).cast(pl.Decimal(9, 2))}), PublicDomain((Real("a", 0, 9),)))
    with pytest.raises(DataError, match="kind = 'integer'"):
        encode(pl.DataFrame({"a": [1]}), PublicDomain((Real("a", 0, 9),)))
    with pytest.raises(DataError, match="cannot hold 'x'"):
        encode(pl.DataFrame({"a": [1]}), PublicDomain((Category("a", ("1", "x")),)))


def test_dropped_columns_may_be_in_the_file() -> None:
    domain = PublicDomain((Integer("a", 0, 9),), dropped=("name",))
    assert len(encode(pl.DataFrame({"name": ["Ann"], "a": [1]}), domain).table) == 1


def test_too_many_cells_name_the_bins_that_would_fit() -> None:
    zips = Category("zip", tuple(range(1_000)))
    with pytest.raises(DataError, match="give 'pay' 10 bins at most"):
        PublicDomain((zips, Integer("pay", 0, 9_999, bins=500))).need_cells(10_000)
    with pytest.raises(DataError, match="groups of categories"):
        PublicDomain((zips, Category("city", tuple(range(1_000))))).need_cells(10_000)
    PublicDomain((zips, Integer("pay", 0, 9_999, bins=10))).need_cells(10_000)
