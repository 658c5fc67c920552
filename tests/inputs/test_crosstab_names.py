"""Published tables that call one variable, or a total, by several words: they are asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.crosstabs import Crosstabs, read_crosstabs


def read(tables: Any, **given: Any):
    return read_crosstabs(Crosstabs(tables, **given))


def counts_of(people: pl.DataFrame, *columns: str, total: str | None = None) -> pl.DataFrame:
    """A long table, and a last row of all people under some word."""
    table = people.group_by(*columns).len("count").cast({"count": pl.Int64}).sort(*columns)
    if total is None:
        return table
    last = pl.DataFrame({**{c: [total] for c in columns}, "count": [len(people)]})
    return pl.concat([table, last])


@pytest.fixture(scope="module")
def some() -> pl.DataFrame:
    """24 people; nobody of them exists."""
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "sex": rng.choice(["f", "m"], 24),
            "age": rng.choice(["20-29", "30-39", "40-49", "50-59"], 24),
            "job": rng.choice(["clerk", "cook", "driver", "nurse", "teacher"], 24),
        }
    )


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"sex": "gender"}, "sex and gender .both have the values f, m."),
        ({"sex": "Sex "}, "differ in capitals, blanks or signs alone"),
    ],
)
def test_one_variable_under_two_names_is_asked_about(some: pl.DataFrame, other: dict[str, str], why: str):
    """Read as two it links no tables; told that it is one, the tables are those of one name."""
    first, second, third = (counts_of(some, *c) for c in (("sex", "age"), ("sex", "job"), ("age", "job")))
    with pytest.raises(DataError, match=rf"{why}.*--same 'sex=.*' .* --different"):
        read([first, second.rename(other), third])
    if other["sex"] == "gender":
        one = read([first, second, third])
        told = read([first, second.rename(other), third], same="sex=gender")
        assert told.blocks[""].digest() == one.blocks[""].digest()
        apart = read([first, second.rename(other), third], different=["sex,gender"])
        assert [d.name for d in apart.blocks[""].domains] == ["sex", "age", "gender", "job"]


def test_one_variable_with_values_written_in_two_ways_is_asked_about(some: pl.DataFrame):
    """The same numbers of people under other words: merged, the words have to be made the same."""
    first = counts_of(some, "sex", "age")
    other = some.select(pl.col("sex").replace({"f": "female", "m": "male"}).alias("gender"), "job")
    given = [first, counts_of(other, "gender", "job")]
    with pytest.raises(DataError, match=r"sex and gender .their values count the same numbers of people"):
        read(given)
    with pytest.raises(DataError, match="write them the same way in all tables"):
        read(given, same="sex=gender")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"same": "sex=gender"}, "does not name two variables of the tables: .* age, sex"),
        ({"different": "sex"}, "does not name two variables"),
        ({"same": "sex=age"}, "has both as columns, so they are two variables"),
    ],
)
def test_names_that_no_table_has_are_refused(some: pl.DataFrame, given: dict[str, str], says: str):
    with pytest.raises(DataError, match=says):
        read([counts_of(some, "sex", "age")], **given)


def margins(people: pl.DataFrame, a: str, b: str, word: str) -> pl.DataFrame:
    """A long table with the sums of its rows and columns, and of all."""
    ends = [pl.lit(word).alias(c) for c in (a, b)]
    return pl.concat(counts_of(people.with_columns(some), a, b) for some in ([], ends[:1], ends[1:], ends))


@pytest.mark.parametrize("whole", [True, False])
def test_a_total_under_another_word_is_asked_about(some: pl.DataFrame, whole: bool):
    """With all sums, or with the last row alone; told that it is one, it is read as Total is."""
    pairs = (("sex", "age"), ("sex", "job"), ("age", "job"))

    def made(word: str) -> list[pl.DataFrame]:
        return [margins(some, *p, word) if whole else counts_of(some, *p, total=word) for p in pairs]

    with pytest.raises(DataError, match=r"=Jumla in table 1, table 2.*--total 'Jumla'.*--not-total 'Jumla'"):
        read(made("Jumla"))
    as_total = read(made("Total")).blocks[""]
    assert read(made("Jumla"), total="jumla").blocks[""].digest() == as_total.digest()
    assert read(made("Gesamt")).blocks[""].digest() == as_total.digest(), "the word is known"
    assert len(read(made("Jumla"), not_total="Jumla").blocks[""].domains[0]) == 3


def test_values_are_not_taken_for_totals(some: pl.DataFrame):
    """x is half of all people in one table, and not in another; with a Total beside them none is one."""
    one = pl.DataFrame({"s": ["a", "b", "x"], "count": [3, 4, 7]})
    with pytest.raises(DataError, match="s=x in table 1"):
        read([one])
    two = pl.DataFrame({"s": ["a", "b", "x"], "r": ["1", "2", "2"], "count": [3, 4, 7]})
    assert read([one, two]).cells > 0
    total = pl.concat([one, pl.DataFrame({"s": ["Total"], "count": [14]})])
    assert read([total]).cells == 4
    assert read([counts_of(some, "sex", "age"), counts_of(some, "sex", "job")]).added > 0
