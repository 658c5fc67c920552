"""Queries of the subset, by hand, with the keys of their groups where they are given."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Any

ACCEPTED: list[tuple[str, dict[str, list[Any]] | None]] = [
    ("select count(*) from people", None),
    ("SELECT COUNT(*) FROM People;", None),
    ("select count(distinct user_id), count(*) from people", None),
    ("select sum(clip(age, 0, 100)) from people", None),
    ("select sum(clip(big, -4611686018427387904, 4611686018427387904)) from people", None),
    ("select avg(clip(big, -4611686018427387904, 4611686018427387904)) from people", None),
    ("select avg(clip(age, 0, 100)), var(clip(age, 0, 100)), stddev(clip(age, 0, 100)) from people", None),
    ("select sum(clip(income, 0, 200000)), avg(clip(income, 0, 200000)) from people", None),
    ("select sum(clip(income, -1e100, 1e100)) from people", None),
    ("select avg(clip(income, -1.5, -.25e0)), variance(clip(income, 1e15, 1000000000000000.25)) from people", None),
    ("select avg(clip(coalesce(income, 7.5), 0, 200000)) from people", None),
    ("select sum(clip(coalesce(age, 18), 18, 99)), stddev_samp(clip(coalesce(age, 18), 18, 99)) from people", None),
    ("select avg(income between 0 and 200000) from people", None),
    ("select avg(age between 30 and 44) as share from people", None),
    ("select quantile(age, 0.5, 0, 100), quantile(age, 0.9, 0, 100) from people", None),
    ("select state, quantile(income, 0.25, 0, 200000) from people group by state", None),
    ("select quantile(big, .5, -2000000000000000000, 2000000000000000000) from people", None),
    ("select state, count(*) as n from people group by state having n > 1 order by n desc, state limit 3", None),
    ("select state, count(*) from people group by state", {"state": ["ny", "wy", None, "O'Hara; --"]}),
    ("select active, state, avg(clip(age, 0, 100)) as m from people group by state, active",
     {"state": ["ny", "tx"], "active": [True, None, False]}),
    ("select born, count(*) from people group by born", None),
    ("select age, count(*) from people group by age", {"age": [30, -5, 2**62]}),
    ('select "we""ird; --", count(*) from people group by "we""ird; --"', None),
    ("select count(*) from people where name = 'O''Hara'", None),
    ("select count(*) from people where \"we\"\"ird; --\" in ('\";--', '''', 'a\\', 'we\"ird')", None),
    ("select count(*) from people where name = ''';drop table people;--' or name <> '' and not name = 'Zoë'", None),
    ("select count(*) from people where age between -5 and 45 and (state in ('ny', 'tx') or state is null)", None),
    ("select count(*) from people where not (age > 30 or state is not null)", None),
    ("select count(*) from people where not age in (30, 31) and 40 > age", None),
    ("select count(*) from people where income > 1e3", None),
    ("select count(*) from people where income = 0 or income <= -0.5 or income = 5e-324", None),
    ("select count(*) from people where big >= 9223372036854775807 or big = -9223372036854775808", None),
    ("select count(*) from people where age <> big and income <= big", None),
    ("select count(*) from people where active and born >= '1980-06-01'", None),
    ("select count(*) from people where not active or active = true", None),
    ("select count(*) from people where seen > '2000-01-01 00:00' and seen <> '2021-05-06 07:08:09.123456'", None),
    ("select region, count(*) from people join states on people.state = states.code group by region", None),
    ("select s.region, avg(clip(p.age, 0, 100)) as m from people as p left join states s on s.code = p.state "
     "where s.size > 10 or s.size is null group by s.region order by m", None),
    ("select sum(clip(h.rooms, 0, 20)), count(*) from people p join homes h on p.user_id = h.person", None),
    ("select h.first, count(distinct p.user_id) from people p left join homes h on h.person = p.user_id "
     "left join states on states.code = p.state where states.size is not null group by h.first", None),
    ("select count(*) from people where (((age = 30)))", None),
    ("select count(*) from people where " + " or ".join(f"age = {i}" for i in range(400)), None),
]  # fmt: skip
