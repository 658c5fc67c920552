"""Rules: their grammar, what they refuse, and that they hold in every decoded row."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.arithmetic import compiled, range_of
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.decoding import decode, drawn
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.mechanisms.synthesize.columns.expressions import parsed
from confide.mechanisms.synthesize.columns.kinds import Date, Integer, Real
from confide.mechanisms.synthesize.columns.rules import rule_of
from confide.mechanisms.synthesize.columns.zeros import Zero

DAYS = Date("start", date(2020, 1, 1), date(2020, 1, 31)), Date("end", date(2020, 1, 1), date(2020, 1, 31))
FEW = {name: Integer(name, 0, 9) for name in "abc"}


def even(domain: PublicDomain):
    """A model in which every combination of codes is as likely."""
    sizes = [len(m.domain) for m in domain.modelled]
    return lambda n, rng: rng.integers(0, sizes, (n, len(sizes))).astype(np.int32)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = 1 + 2 * 3", 7),
        ("x = (1 + 2) * 3", 9),
        ("x = 8 / 2 / 2", 2),
        ("x = 8 - 2 - 2", 4),
        ("x = -2 * -3", 6),
        ("x = a - -a", 10),
        ('x = "a" * 1e1', 50),
        ("x = floor(7 / 2)", 3),
        ("x = round(7 / 2 + 0.2)", 4),
        ("x = years(2000-02-29, 2021-02-28)", 20),
        ("x = years(2000-02-29, 2021-03-01)", 21),
        ("x = years(2000-02-29, 2000-02-29)", 0),
        ("x = year(1969-12-31)", 1969),
        ("x = 2020-03-01 - 2020-02-28", 2),
    ],
)
def test_arithmetic_by_hand(text: str, value: float) -> None:
    columns = {"a": Integer("a", 0, 9)}
    said = parsed(text).right
    frame = pl.DataFrame({"a": [5]}).with_columns(compiled(said, columns).alias("x"))
    assert frame["x"][0] == value
    can = range_of(said, columns)
    assert can.low <= value <= can.high


NO_RULES = (
    "", "a", "a >=", "a >= b >= c", "= a", "a + b = c", "x = (a", "x = a b", "x = a $ b", "x = f(a)",
    "x = years(a)", "x = 2020-13-01", "x = " + "(" * 60 + "a" + ")" * 60, "x = " + "-" * 80 + "a",
    "a" * 2_000, "x = __import__('os')", "x = a.b", "x = a[0]", "x == a",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_RULES)
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(DataError, match="rule"):
        rule_of(text)


def test_the_difference_is_modelled_and_the_rule_holds() -> None:
    domain = PublicDomain(DAYS, (rule_of("end > start"),))
    assert [m.name for m in domain.modelled] == ["start", "end - start"]
    assert domain.plan.checks == () and domain.checks == ()
    made = drawn(even(domain), 3_000, domain, rng=np.random.default_rng(1))
    assert (made.frame["end"] > made.frame["start"]).all()
    assert made.frame["end"].max() <= date(2020, 1, 31)
    assert (encode(made.frame, domain).table.low == made.codes).all()


def test_codes_beyond_the_end_are_known_as_impossible() -> None:
    """Start in 0..9, end in 0..9, one code each: start + difference above 9 cannot be."""
    days = tuple(Integer(name, 0, 9, bins=10) for name in ("start", "end"))
    (beyond,) = PublicDomain(days, (rule_of("end >= start"),)).impossible
    assert beyond.columns == (0, 1)
    assert (beyond.cells == (np.add.outer(np.arange(10), np.arange(10)) > 9)).all()
    (strict,) = PublicDomain(days, (rule_of("start < end"),)).impossible  # codes of 1..9
    assert (strict.cells == (np.add.outer(np.arange(10), np.arange(1, 10)) > 9)).all()


def test_every_possible_pair_of_codes_is_drawn_without_rejection() -> None:
    days = tuple(Integer(name, 0, 99, bins=7) for name in ("start", "end"))
    domain = PublicDomain(days, (rule_of("end >= start"),))
    codes = np.argwhere(~domain.impossible[0].cells).astype(np.int32)
    made = decode(np.repeat(codes, 50, 0), domain, rng=np.random.default_rng(0))
    assert made.kept.all() and made.again == 0
    cannot = np.argwhere(domain.impossible[0].cells).astype(np.int32)
    assert not decode(cannot, domain, rng=np.random.default_rng(0)).kept.any()


def test_chains_of_differences() -> None:
    """a <= b <= c, one code a number: exactly the combinations with a + d + e <= 9 can be drawn."""
    few = tuple(Integer(name, 0, 9, bins=10) for name in "abc")
    domain = PublicDomain(few, (rule_of("a <= b"), rule_of("c >= b")))
    codes = np.array(list(np.ndindex(10, 10, 10)), np.int32)
    made = decode(codes, domain, rng=np.random.default_rng(0))
    assert (made.kept == (codes.sum(1) <= 9)).all()
    want = np.cumsum(codes[made.kept], 1)
    assert (made.frame.to_numpy() == want).all()


def test_values_are_uniform_among_those_that_can_be() -> None:
    """Start in 0..9 as one bin, end = start + (0..9) with both at most 9: starts are uniform on 0..9.

    The chi-square statistic of ten cells exceeds 27.9 in one of 1,000 seeds.
    """
    days = tuple(Integer(name, 0, 9, bins=1) for name in ("start", "end"))
    domain = PublicDomain((*days, Integer("x", 0, 1)), (rule_of("end >= start"),))
    made = decode(np.zeros((20_000, 3), np.int32), domain, rng=np.random.default_rng(4)).frame
    counts = np.bincount(made["start"].to_numpy(), minlength=10)
    assert ((counts - 2_000) ** 2 / 2_000).sum() < 27.9
    zero = made.filter(pl.col("start") == 9)
    assert (zero["end"] == 9).all()


def test_a_row_that_breaks_the_rule_counts_as_the_least_difference() -> None:
    domain = PublicDomain((FEW["a"], FEW["b"]), (rule_of("b >= a"),))
    assert encode(pl.DataFrame({"a": [5], "b": [3]}), domain).table.low.tolist() == [[5, 0]]


def test_edges_of_a_difference_are_in_steps() -> None:
    domain = PublicDomain(DAYS, (rule_of("end >= start", edges=(0, 1, 7, 30)),))
    assert domain.modelled[1].domain.labels == ("0", "1 to 6", "7 to 30")
    with pytest.raises(DataError, match="begin with 0 and end with 30"):
        PublicDomain(DAYS, (rule_of("end >= start", edges=(0, 1, 7)),))


def test_what_follows_is_computed_and_not_modelled() -> None:
    columns = (
        Date("birth", date(1950, 1, 1), date(2003, 12, 31)),
        Integer("age", 0, 120),
        Category("city", ("Boston", "Salem", "Chicago"), nulls=True),
        Category("state", ("IL", "MA"), nulls=True),
        Real("a", 0.0, 5.0, step=0.01),
        Real("b", 0.0, 5.0, step=0.01),
        Real("total", 0.0, 10.0, step=0.01),
        Integer("year", 1950, 2003),
    )
    rules = (
        rule_of("age = years(birth, 2021-06-30)"),
        rule_of("city -> state", table={"Boston": "MA", "Salem": "MA", "Chicago": "IL"}),
        rule_of("total = a + b"),
        rule_of("year = year(birth)"),
    )
    domain = PublicDomain(columns, rules)
    assert [m.name for m in domain.modelled] == ["birth", "city", "a", "b"]
    made = drawn(even(domain), 2_000, domain, rng=np.random.default_rng(2))
    assert made.rejected == 0
    for birth, age, city, state, a, b, total, year in made.frame.iter_rows():
        assert age == 2021 - birth.year - ((birth.month, birth.day) > (6, 30)) and year == birth.year
        assert state == {"Boston": "MA", "Salem": "MA", "Chicago": "IL", None: None}[city]
        assert round(100 * total) == round(100 * a) + round(100 * b)


def test_derived_columns_follow_each_other() -> None:
    columns = (*FEW.values(), Integer("s", 0, 18), Integer("t", 0, 27))
    domain = PublicDomain(columns, (rule_of("t = s + c"), rule_of("s = a + b")))
    made = drawn(even(domain), 500, domain, rng=np.random.default_rng(3)).frame
    assert (made["t"] == made["a"] + made["b"] + made["c"]).all()


def test_other_comparisons_are_kept_by_drawing_again() -> None:
    domain = PublicDomain(tuple(FEW.values()), (rule_of("a + b <= c"),))
    assert domain.checks == ("a + b <= c",)
    made = drawn(even(domain), 1_000, domain, rng=np.random.default_rng(5))
    assert (made.frame["a"] + made.frame["b"] <= made.frame["c"]).all()
    # Of the 1,000 combinations, sum over c of (c + 1)(c + 2) / 2 = 220 keep it.
    assert abs(made.rejected - 0.78) < 4 * (0.78 * 0.22 / 4_500) ** 0.5


def test_bounds_of_what_follows_are_kept_by_drawing_again() -> None:
    domain = PublicDomain((FEW["a"], FEW["b"], Integer("c", 0, 9)), (rule_of("c = a + b"),))
    made = drawn(even(domain), 1_000, domain, rng=np.random.default_rng(6))
    assert (made.frame["c"] == made.frame["a"] + made.frame["b"]).all() and made.frame["c"].max() <= 9
    assert abs(made.rejected - 0.45) < 0.06  # 55 of 100 pairs have a sum of 9 at most


def test_a_rule_that_hardly_any_row_keeps_is_refused() -> None:
    domain = PublicDomain(tuple(Integer(n, 0, 9_999, bins=10_000) for n in "abc"), (rule_of("a = b + c"),))
    with pytest.raises(DataError, match="keep the rules"):
        drawn(lambda n, rng: np.full((n, 2), 9_000, np.int32), 10, domain, rng=np.random.default_rng(0))


def test_zeros_hold_in_codes_and_inside_bins() -> None:
    columns = (
        Category("sex", ("f", "m")),
        Category("pregnant", ("no", "yes")),
        Integer("age", 0, 99, bins=4),
    )
    zeros = (Zero({"sex": ("m",), "pregnant": ("yes",)}), Zero({"age": ((0, 11),), "pregnant": ("yes",)}))
    domain = PublicDomain(columns, zeros=zeros)
    first, second = domain.impossible
    assert first.columns == (0, 1) and np.argwhere(first.cells).tolist() == [[1, 1]]
    assert second.columns == (1, 2) and not second.cells.any()  # the bin of 0 to 24 holds possible ages
    made = drawn(even(domain), 4_000, domain, rng=np.random.default_rng(7))
    yes = made.frame.filter(pl.col("pregnant") == "yes")
    assert (yes["sex"] == "f").all() and yes["age"].min() == 12
    assert abs(made.rejected - 0.25) < 0.03  # a row inside a bin is drawn again, and not given up
    assert made.again > 0


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["a >= b", "b >= a"], "contradict each other"),
        (["a >= b", "b >= c", "c > a"], "contradict each other"),
        (["a = b + 1", "a = c"], "follows from two rules"),
        (["a = b + 1", "b = a - 1"], "in a circle"),
        (["a = a + 1"], "in a circle"),
        (["a = b + 100"], "outside the bounds"),
        (["a >= b + 10"], "holds for no values"),
        (["a > 9"], "holds for no values"),
        (["a = d + 1"], "names 'd'"),
        (["a = id"], "kind key"),
        (["id = a"], "gives a key"),
        (["a >= sex"], "kind category"),
        (["sex = 1"], "is a category"),
        (["a = start"], "gives a day"),
        (["a >= start"], "compares a day with a number"),
        (["a >= start + start"], "a day plus a day"),
        (["a = years(b, c)"], "is of days"),
        (["start = a"], "is a day"),
        (["a = n"], "can be empty"),
    ],
)
def test_contradictions_are_refused(rules: list[str], said: str) -> None:
    columns = (*FEW.values(), Key("id"), Category("sex", ("f", "m")), DAYS[0], Integer("n", 0, 9, nulls=True))
    with pytest.raises(DataError, match=said):
        PublicDomain(columns, tuple(rule_of(text) for text in rules))


def test_lookups_are_refused_without_a_whole_table() -> None:
    city, state = Category("city", ("Boston", "Salem")), Category("state", ("MA",))
    with pytest.raises(DataError, match="needs a public table"):
        rule_of("city -> state")
    for table, said in (({"Boston": "MA"}, "'Salem'"), ({"Boston": "MA", "Salem": "XX"}, "Salem = XX")):
        with pytest.raises(DataError, match=said):
            PublicDomain((city, state), (rule_of("city -> state", table=table),))


def test_a_lookup_gives_numbers_too() -> None:
    school = Category("school", ("HS-grad", "Masters"))
    years, pay = Integer("years", 0, 20), Real("pay", 0, 1, step=0.1)
    rules = (
        rule_of("school -> years", table={"HS-grad": "9", "Masters": "14"}),
        rule_of("school -> pay", table={"HS-grad": "0.2", "Masters": "0.7"}),
    )
    domain = PublicDomain((school, years, pay), rules)
    made = decode(np.array([[0], [1]], np.int32), domain, rng=np.random.default_rng(0)).frame
    assert made.rows() == [("HS-grad", 9, 0.2), ("Masters", 14, 0.7)]
    with pytest.raises(DataError, match="HS-grad = 21"):
        PublicDomain((school, years), (rule_of("school -> years", table={"HS-grad": "21", "Masters": "1"}),))


def test_everything_impossible_is_refused() -> None:
    with pytest.raises(DataError, match="no row can be"):
        PublicDomain((Category("sex", ("f", "m")),), zeros=(Zero({"sex": ("f", "m")}),))
