"""Workloads: what a line of SQL counts, by hand and by a naive reading of each row; and what is refused."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.reading import Reading
from confide.inputs.workload_sql import Secret, questions
from confide.inputs.workloads import Workload, of_lines, of_table

PEOPLE = pl.DataFrame(
    {
        "age": [20, 30, None, 50],
        "marital-status": ["a", "b", "a", None],
        "ill": [0, 1, 1, 0],
        "ok": [True, False, True, None],
        "born": pl.Series(["2000-01-01", "1990-05-05", "1980-01-01", "1970-01-01"]).str.to_date(),
    }
)
ILL = Secret("ill", 1, 0, True)


def read(*lines: str) -> Workload:
    return of_lines(lines, PEOPLE, ILL, name="w.sql")


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        ("age > 25", [0, 1, 0, 1]),  # a missing age is neither above nor below
        ("not age > 25", [1, 0, 0, 0]),
        ("select count(*) from people where ill = 1 and age between 20 and 40;", [1, 1, 0, 0]),
        ("select sum(ill) from people", [1, 1, 1, 1]),
        ("select sum(ill) as x from p where p.age in (20, 50) or ok", [1, 0, 1, 1]),
        ("\"marital-status\" = 'a'", [1, 0, 1, 0]),
        ("\"marital-status\" <> 'a'", [0, 1, 0, 0]),
        ("\"marital-status\" not in ('b', 'c')", [1, 0, 1, 0]),
        ("age is null or ok is null", [0, 0, 1, 1]),
        ("30 <= age and ok = false", [0, 1, 0, 0]),
        ("born >= '1985-01-01'", [1, 1, 0, 0]),
        ("age >= -1e1", [1, 1, 0, 1]),
        ("AGE < 30.5", [1, 1, 0, 0]),
    ],
)
def test_whose_secret_a_query_adds_up(line, counted):
    found = read(line)
    assert found.subsets.members(0, 1)[:, 0].tolist() == counted
    assert found.base.tolist() == [0] and found.sign.tolist() == [1]


def test_counts_of_people_without_the_secret_say_as_much():
    """Of four people, 4 - (those who are ill) are not; ages known, the constant is known too."""
    found = read(
        "select count(*) from p where ill = 0",
        "ill <> 0 and age < 40",
        "select count(*) from p where ill = 1 or age > 40",
    )
    assert found.sign.tolist() == [-1, 1, 1]
    assert found.base.tolist() == [4, 0, 1], "the person of 50 is counted whatever their secret is"
    assert found.subsets.members(0, 3).T.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]]
    published = np.array([2.0, 1.0, 3.0])  # by hand from PEOPLE
    assert (found.sign * (published - found.base) == found.subsets.sums(np.array([0, 1, 1, 0.0]))).all()


def test_queries_that_do_not_depend_on_the_secret_are_left_out_and_counted():
    found = read("-- a comment", "select count(*) from p where age > 1", "", "age > 25", "age > 99")
    assert found.asked == 3 and found.number.tolist() == [1] and found.named(0) == "query 2 (age > 25)"


def test_random_conditions_are_those_of_a_naive_reading():
    """A row at a time with the three values of SQL, as Python's None."""
    rng = np.random.default_rng(0)
    a = [None if x == 9 else int(x) for x in rng.integers(0, 10, 60)]
    b = [None if x == 4 else "abcd"[x] for x in rng.integers(0, 5, 60)]
    frame = pl.DataFrame({"a": a, "b": b, "s": rng.integers(0, 2, 60)})

    def condition(depth: int):
        kind = rng.integers(0, 6) if depth else rng.integers(0, 3)
        if kind == 0:
            k = int(rng.integers(0, 9))
            return f"a >= {k}", lambda row: None if row[0] is None else row[0] >= k
        if kind == 1:
            v = "abcd"[rng.integers(0, 4)]
            return f"b <> '{v}'", lambda row: None if row[1] is None else row[1] != v
        if kind == 2:
            return "a is null", lambda row: row[0] is None
        text, one = condition(depth - 1)
        if kind == 3:
            return f"not ({text})", lambda row: None if one(row) is None else not one(row)
        more, other = condition(depth - 1)
        end = bool(kind == 5)  # the value that decides an `or`, and of which the opposite decides an `and`
        return (
            f"({text}) {'or' if end else 'and'} ({more})",
            lambda row: (
                end if end in (one(row), other(row)) else None if None in (one(row), other(row)) else not end
            ),
        )

    made = [condition(3) for _ in range(80)]
    naive = np.array([[one(row) is True for row in zip(a, b, strict=True)] for _, one in made])
    kept = naive.any(axis=1)
    found = of_lines([text for text, _ in made], frame, Secret("s", 1, 0, True), name="w.sql")
    assert (found.number == np.flatnonzero(kept)).all() and kept.sum() > 40
    assert (naive[kept] == found.subsets.members(0, kept.sum()).T).all()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("marital-status = 'a'", 'double quotes, as "marital-status"'),
        ("select avg(ill) from p", r"count\(\*\) or sum\(ill\)"),
        ("select sum(age) from p", r"count\(\*\) or sum\(ill\)"),
        ("select count(*) from p group by age", "`group` cannot be read"),
        ("select count(*) from p join q on 1 = 1", "`joins` cannot be read"),
        ("select count(*) from read_csv('/etc/passwd')", "no single table"),
        ("select count(*) from (select 1)", "no single table"),
        ("select * from p", r"\* cannot be read"),
        ("select count(*), sum(ill) from p", "asks 2 things"),
        ("age > 3; drop table p", "2 statements"),
        ("age > 3 limit 1", "more than a condition"),
        ("age > (select 1)", "is none: write a number"),
        ("exists(select 1)", "no comparison"),
        ("read_csv('x') = 1", "no comparison"),
        ("age + 1 > 3", "age between LOW and HIGH"),
        ("\"marital-status\" like 'a%'", "in \\('one', 'other'\\)"),
        ("\"marital-status\" > 'a'", "needs an order"),
        ("age = 'x'", "write a number"),
        ("age", "no condition by itself"),
        ("agee > 3", "did you mean 'age'"),
        ("1 = 1", "no comparison"),
        ("x(", "is no SQL"),
        ("'", "is no SQL"),
        ("age > 1e400", "too large"),
        ("not " * 60 + "age > 3", "nest too deep"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused_with_the_line_and_what_to_write(line, says):
    with pytest.raises(DataError, match=says) as refused:
        read("age > 3", line)
    assert str(refused.value).startswith("w.sql, line 2: ")


def test_a_query_that_counts_on_both_sides_is_refused():
    with pytest.raises(DataError, match="write two queries"):
        read("(ill = 1 and age > 25) or (ill = 0 and age < 25)")
    with pytest.raises(DataError, match=r"no query of w\.sql depends on 'ill'"):
        read("select count(*) from p where age > 25")
    with pytest.raises(DataError, match="no queries"):
        questions(["", "-- nothing"], PEOPLE, ILL, name="w.sql")


def table(frame: pl.DataFrame, ids: pl.Series | None = None) -> Workload:
    column = None if ids is None else "who"
    return of_table(frame, ids, people=3, name="w", id_column=column, reading=Reading())


def test_columns_of_0_and_1_in_the_order_of_the_records_or_by_ids():
    frame = pl.DataFrame({"q1": [1, 0, 1], "none": [0, 0, 0], "q2": [True, True, False]})
    found = table(frame)
    assert found.subsets.members(0, 2).T.tolist() == [[1, 0, 1], [1, 1, 0]] and found.asked == 3
    shuffled = frame.with_columns(who=pl.Series(["a", "b", "c"]))[[2, 0, 1]]
    again = table(shuffled, pl.Series(["a", "b", "c"]))
    assert (again.subsets.packed == found.subsets.packed).all()


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"q": [1, 0]}, "2 rows for 3 people"),
        ({"q": [1, 2, 0]}, "neither 0 nor 1 in row 2"),
        ({"q": [1, None, 0]}, "neither 0 nor 1 in row 2"),
        ({"q": ["a", "b", "c"]}, "of type String"),
        ({"q": [0, 0, 0]}, "counts anybody"),
    ],
)
def test_columns_that_are_no_subsets_are_refused(frame, says):
    with pytest.raises(DataError, match=says):
        table(pl.DataFrame(frame))


def test_ids_that_do_not_match_are_refused():
    frame, ids = pl.DataFrame({"who": ["a", "b", "x"], "q": [1, 0, 1]}), pl.Series(["a", "b", "c"])
    with pytest.raises(DataError, match="of whom 2 are among the 3"):
        table(frame, ids)
    with pytest.raises(DataError, match="'a' twice"):
        table(frame.with_columns(who=pl.Series(["a", "a", "b"])), ids)


def test_queries_over_two_tables_are_refused_and_one_other_name_is_kept():
    with pytest.raises(DataError, match="counts in 'people' and in 'other', and the records are one table"):
        read("select sum(ill) from people", "age > 25", "select sum(ill) from other where age > 25")
    assert read("select sum(ill) from Other", "select sum(ill) from other where age > 25").table == "Other"
    assert read("age > 25").table == ""


def test_a_workload_without_the_ids_says_what_to_do():
    with pytest.raises(DataError, match=r"no column 'who'.*: add it, or leave out `--id`"):
        table(pl.DataFrame({"q": [0, 1, 1]}), pl.Series(["a", "b", "c"]))
