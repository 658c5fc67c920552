"""Refusals, by hand: each with a word of its reason; the nearest query that it names is itself allowed."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from tests.releases.sql.people import SCHEMA, SINGLE

from confide.releases.sql import QueryError, parse

REFUSED: list[tuple[str, str]] = [
    ("", "empty"),
    ("select * from people", "shows the rows"),
    ("select people.* from people", "column"),
    ("select state from people", "groups"),
    ("select state, count(*) from people", "by itself shows the rows"),
    ("select state from people group by state", "groups alone"),
    ("select count(*) from people group by state", "not selected"),
    ("select min(age) from people", "one person's value"),
    ("select max(age) from people", "quantile(age, 0.95, 0, 100)"),
    ("select median(income) from people", "quantile(income, 0.5, 0, 200000)"),
    ("select avg(income) from people", "avg(clip(income, 0, 200000))"),
    ("select sum(big) from people", "sum(clip(big, LOW, HIGH))"),
    ("select avg(clip(income, 0)) from people", "two bounds"),
    ("select avg(clip(income, 200000, 0)) from people", "wrong way round"),
    ("select avg(clip(income, 5, 5)) from people", "wrong way round or equal"),
    ("select avg(clip(income, min(income), 9)) from people", "never read from the data"),
    ("select avg(clip(income, 0, age)) from people", "never read from the data"),
    ("select avg(clip(state, 0, 1)) from people", "needs numbers"),
    ("select avg(clip(age, 0.5, 9)) from people", "whole numbers"),
    ("select avg(clip(coalesce(age, 200), 0, 100)) from people", "outside the bounds"),
    ("select var(clip(big, 0, 10000000000)) from people", "apart"),
    ("select sum(clip(big, 0, 9000000000000000000)) from people", "2^62"),
    ("select avg(clip(income, 0, 1e200)) from people", "too large"),
    ("select quantile(income, 0.5) from people", "quantile(income, 0.5, 0, 200000)"),
    ("select quantile(income, 1, 0, 9) from people", "between 0 and 1"),
    ("select sum(age between 1 and 2) from people", "ask for the share"),
    ("select var_pop(clip(age, 0, 9)) from people", "n - 1"),
    ("select sum(distinct age) from people", "share"),
    ("select count(age) from people", "age is not null"),
    ("select count(distinct state) from people", "count(distinct user_id)"),
    ("select clip(age, 0, 9) from people", "rows one by one"),
    ("select my_function(age) from people", "my_function"),
    ("select count(*) over () from people", "window"),
    ("select count(*) filter (where age > 3) from people", "filter"),
    ("select count(*) from (select * from people) p", "inside a query"),
    ("select count(*) from people where age in (select age from people)", "inside a query"),
    ("select count(*) from people where exists (select 1 from people)", "inside a query"),
    ("with p as (select * from people) select count(*) from p", "inside a query"),
    ("select count(*) from people union select count(*) from people", "union"),
    ("select distinct state from people", "distinct"),
    ("select count(*) from people; drop table people", "two statements"),
    ("select count(*) from people -- where age > 3", "comment"),
    ("select count(*) /* ; drop table people */ from people", "comment"),
    ("drop table people", "begins with select"),
    ("select count(*) from read_csv('/etc/passwd')", "no table"),
    ("select count(*) from 'people.parquet'", "no table"),
    ("select count(*) from pepole", "did you mean people"),
    ("select count(*) from main.people", "by itself"),
    ("select count(*) from states", "not the table that is asked of"),
    ("select count(*) from people natural join states", "natural"),
    ("select count(*) from people cross join states", "multiply rows"),
    ("select count(*) from people, states", "multiply rows"),
    ("select count(*) from people join states on people.age = states.size", "not on code"),
    ("select count(*) from people right join states on people.state = states.code", "right join"),
    ("select count(*) from people join homes on people.age = homes.person", "several people"),
    ("select count(*) from people join people p on people.user_id = p.user_id", "itself"),
    ("select count(*) from people join states using (code)", "using"),
    ("select count(*) from people where incme > 3", "did you mean income"),
    ("select count(*) from people where age / 2 > 3", "division"),
    ("select count(*) from people where cast(state as int) > 3", "cast"),
    ("select count(*) from people where born > date '2000-01-01'", "cast"),
    ("select count(*) from people where age + 1 > 3", "arithmetic"),
    ("select count(*) from people where age > '3'", "whole numbers"),
    ("select count(*) from people where state = 3", "texts"),
    ("select count(*) from people where age > 3.5", "3 or 4"),
    ("select count(*) from people where age = 99999999999999999999", "64 bits"),
    ("select count(*) from people where income < 1e999", "64 bits"),
    ("select count(*) from people where income < 1e999999999", "64 bits"),
    ("select count(*) from people where age = 1e999999999", "64 bits"),
    ("select count(*) from people where state > 'a'", "order"),
    ("select count(*) from people where state like 'a%'", "patterns"),
    ("select count(*) from people where born > '2000-02-30'", "dates"),
    ("select count(*) from people where state = null", "is null"),
    ("select count(*) from people where age = state", "one kind"),
    ("select count(*) from people where age", "no condition by itself"),
    ("select count(*) from people where 1 = 1", "no column"),
    ("select count(*) from people where true", "no condition"),
    ("select count(*) from people where age = :age", "parameters"),
    ("select count(*) from people where age = ?", "parameters"),
    ("select count(*) from people where age between symmetric 3 and 1", "symmetric"),
    ("select count(*) from people where age between 3 and 1", "holds for nothing"),
    ("select count(*) from people where upper(state) = 'NY'", "fail on one row"),
    ("select count(*) from people where case when age > 3 then true end", "cases"),
    ("select income, count(*) from people group by income", "each row"),
    ("select user_id, count(*) from people group by user_id", "one person at a time"),
    ("select state, count(*) from people group by 1", "no column"),
    ("select state, count(*) from people group by all", "group by all"),
    ("select state, count(*) from people group by rollup (state)", "outside the subset"),
    ("select count(*), count(*) from people", "twice"),
    ("select count(*) as age from people", "name of a column"),
    ("select count(*) as n, sum(clip(age, 0, 9)) as N from people", "called"),
    ("select state, count(*) from people group by state having age > 3", "released alone"),
    ("select state, count(*) from people group by state having avg(clip(age, 0, 9)) > 3", "released alone"),
    ("select state, count(*) from people group by state order by age", "released alone"),
    ("select state, count(*) from people group by state order by 1", "names"),
    ("select state, count(*) from people group by state limit 3", "order"),
    ("select state, count(*) from people group by state order by state limit 3 offset 1", "offset"),
    ("select state, count(*) from people group by state order by state nulls first", "last"),
    ("select count(*) from people where " + "not " * 3000 + "active", "nest"),
    ("select count(*) from people where " + "(" * 5000 + "active" + ")" * 5000, "nest"),
    ("select count(*) from people where name = 'open", "quote"),
    ("select count(*) from people where name = 'a' 'b'", "arithmetic"),
    ("select count(*) from people where name = 'a\0b'", "no database"),
    ("select into outfile 'x' from people", "SQL"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_a_query_outside_the_subset_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text, SCHEMA)
    sentence = str(refused.value)
    assert said in sentence
    assert sentence.endswith(".") and "\n" not in sentence
    nearest = refused.value.nearest
    if nearest.startswith("select ") and not re.search(r"\b[A-Z]{3,}\b", nearest):
        parse(nearest, SCHEMA)
    elif re.match(r"(avg|sum|var|stddev|quantile|count)\(", nearest) and not re.search(
        r"[A-Z]{3,}|with", nearest
    ):
        parse(f"select {nearest} from people", SCHEMA)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("select state, rank() over (order by age) from people",
         "select state, count(*) from people group by state"),
        ("select count(*) over (partition by state, active) from people where age > 3",
         "select state, active, count(*) from people where age > 3 group by state, active"),
        ("select avg(n) from (select state, count(*) as n from people group by state) as s",
         "select state, count(*) from people group by state"),
        ("select count(*) from (select * from people where age > 3) as p",
         "select count(*) from people where age > 3"),
        ("select count(*) from people where age > (select avg(age) from people)",
         "select count(*) from people"),
        ("with p as (select state from people where active) select count(*) from p",
         "select state, count(*) from people where active group by state"),
        ("select avg(active) from people", "select active, count(*) from people group by active"),
        ("select STATE, sum(born) as n from people where age > 3 group by STATE",
         "select state, born, count(*) from people where age > 3 group by state, born"),
        ("select distinct \"we\"\"ird; --\" from people",
         'select "we""ird; --", count(*) from people group by "we""ird; --"'),
        # A person's column and one of fractions make no groups; what cannot be read gets an example.
        ("select user_id, income, rank() over (order by age) from people", "select count(*) from people"),
        ("", "select age, count(*) from people group by age"),
        ("selec state from people", "select age, count(*) from people group by age"),
    ],
)  # fmt: skip
def test_the_nearest_query_is_made_of_the_users_own_and_is_allowed(text: str, nearest: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text, SCHEMA)
    assert refused.value.nearest == nearest and str(refused.value).endswith(f" {nearest}.")
    parse(nearest, SCHEMA)


@pytest.mark.parametrize(
    ("column", "key", "such"),
    [
        ("born", "2021-03-04", "datetime.date(2021, 3, 4)"),
        ("born", "soon", "datetime.date(2020, 1, 31)"),
        ("born", datetime(2021, 3, 4, 5), "datetime.date(2021, 3, 4)"),
        ("age", "30", "such as 30."),
        ("age", "old", "such as 30."),
        ("active", "false", "such as False."),
        ("state", 7, "such as '7'."),
    ],
)
def test_keys_of_another_kind_are_shown_as_they_should_be(column: str, key: object, such: str) -> None:
    with pytest.raises(QueryError, match="something else") as refused:
        parse(f"select {column}, count(*) from people group by {column}", SCHEMA, keys={column: [key]})
    assert such in str(refused.value)


def test_a_number_that_no_column_holds_is_told_with_one_that_it_can() -> None:
    for bound, column in (("1e400", "income"), ("1e30", "age")):
        with pytest.raises(QueryError, match=f"one that {column} can have, such as 100000"):
            parse(f"select sum(clip({column}, 0, {bound})) from people", SCHEMA)
    parse("select sum(clip(income, 0, 100000)), sum(clip(age, 0, 100000)) as s from people", SCHEMA)


def test_there_are_sixty_of_them() -> None:
    assert len(REFUSED) >= 60


def test_people_are_rows_where_no_column_names_them() -> None:
    with pytest.raises(QueryError, match=r"count\(\*\)"):
        parse("select count(distinct name) from people", SINGLE)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"age": [1]}, "no group column"),
        ({}, "not for state"),
        ({"state": []}, "no keys"),
        ({"state": ["ny", "ny"]}, "twice"),
        ({"state": ["ny", 3]}, "texts"),
        ({"state": [True]}, "texts"),
        ({"state": ["a\0"]}, "texts"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, list[object]], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        parse("select state, count(*) from people group by state", SCHEMA, keys=keys)


def test_a_key_of_another_type_is_no_number_and_no_date() -> None:
    for column, key in (("age", True), ("age", 1.0), ("age", 2**63), ("born", "2000-01-01"), ("active", 1)):
        with pytest.raises(QueryError, match="something else"):
            parse(f"select {column}, count(*) from people group by {column}", SCHEMA, keys={column: [key]})
