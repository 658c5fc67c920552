"""Asking: refused before anything is touched, charged before it is answered, right without noise."""

from __future__ import annotations

import math
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.releases.session.rooms import people, session, without_noise

from confide.account.costs import Cost
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, ConfideError, DataError, LedgerError
from confide.releases.session import private
from confide.releases.session.answers import frame_of
from confide.releases.session.extract import Extract
from confide.releases.session.planning import plan
from confide.releases.session.prices import Price
from confide.releases.session.server import ServerExtract
from confide.releases.session.session import Session
from confide.releases.session.speaking import speak
from confide.releases.sql import QueryError, parse

STATES = {"state": ["NY", "TX", "WY"]}
BY_STATE = "select state, count(*) as n from people group by state"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Session]:
    with session(people(tmp_path / "people.parquet")) as opened:
        yield opened


@dataclass(frozen=True)
class Watched:
    """An extract that notes whether it was asked, and fails if it is to."""

    inner: Extract | ServerExtract
    seen: list[str]
    fails: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def ask(self, statement: str) -> Sequence[Sequence[object]]:
        self.seen.append(statement)
        if self.fails:
            raise DataError("the power failed.")
        return self.inner.ask(statement)


def watched(opened: Session, *, fails: bool = False) -> tuple[Session, list[str]]:
    seen: list[str] = []
    held: Any = Watched(opened.extract, seen, fails)
    return replace(opened, extract=held), seen


@pytest.mark.parametrize(
    ("text", "how", "says"),
    [
        ("select * from people", {"epsilon": 0.1}, "shows the rows"),
        ("select max(age) from people", {"epsilon": 0.1}, "one person"),
        ("select count(*) from people; drop table people", {"epsilon": 0.1}, "one"),
        ("select count(*) from read_parquet('people.parquet')", {"epsilon": 0.1}, "table"),
        ("select count(*) from confide_extract", {"epsilon": 0.1}, "people"),
        ("select avg(income) from people", {"epsilon": 0.1}, "bounds"),
        ("select count(*) from people", {}, "no price"),
        ("select count(*) from people", {"epsilon": 0.1, "rho": 0.1}, "two prices"),
        ("select count(*) from people", {"epsilon": 0}, "above 0"),
        ("select count(*) from people", {"epsilon": -1}, "above 0"),
        ("select count(*) from people", {"epsilon": math.inf}, "finite"),
        ("select count(*) from people", {"epsilon": math.nan}, "finite"),
        ("select count(*) from people", {"epsilon": 1.000001}, "epsilon 1"),
        ("select count(*) from people", {"epsilon": 0.1, "delta": 1e-9}, "leave it out"),
        ("select count(*) from people", {"within": 0}, "within is 0"),
        ("select count(*) from people", {"within": -3.0}, "within is -3"),
        ("select count(*) from people", {"within": math.nan}, "within is nan"),
        ("select count(*) from people", {"within": {"m": 3}}, "no number 'm'"),
        ("select count(*) from people", {"within": 5, "epsilon": 0.1}, "leave out epsilon"),
        ("select count(*) from people", {"within": 5, "rows": 0}, "rows is 0"),
        ("select count(*) from people", {"within": 1}, "buys count"),
        ("select avg(clip(age, 0, 100)) as m from people", {"within": 5}, "public guess"),
        (BY_STATE, {"epsilon": 0.1}, "give the keys"),
        (BY_STATE, {"rho": 0.001, "delta": 1e-9}, "need an epsilon"),
        (BY_STATE, {"epsilon": 0.1, "delta": 1e-3}, "delta"),
        (BY_STATE, {"epsilon": 0.1, "keys": {"state": [1]}}, "texts"),
        (BY_STATE, {"epsilon": 0.1, "keys": {"state": 3}}, "give a list of keys, such as .3."),
        (BY_STATE, {"epsilon": 0.1, "keys": {"state": None}}, "keys of state are None"),
        (BY_STATE, {"epsilon": 0.1, "keys": {"state": "CA"}}, "give a list of keys, such as .'CA'."),
        (BY_STATE, {"epsilon": 0.1, "keys": 3}, "keys is 3"),
        (3, {"epsilon": 0.1}, "the query is 3, and no text"),
        (BY_STATE.replace("as n", "as n_low"), {"epsilon": 0.1, "keys": STATES, "within": None}, ""),
        ("select state, count(*) as n, sum(clip(age, 0, 9)) as n_low from people group by state",
         {"epsilon": 0.1, "keys": STATES}, "end of an interval"),
        ("select quantile(age, 0.5, 0, 9) as q from people", {"within": {"q": 5}}, "error of q"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anything_is_touched(
    asked: Session, text: str, how: dict[str, Any], says: str
) -> None:
    opened, seen = watched(asked)
    before = len(opened.ledger.history())
    if not says:
        opened.sql(text, **how)
        return
    with pytest.raises(ConfideError, match=says):
        opened.sql(text, **how)
    assert seen == [] and opened.spent == Cost.nothing() and len(opened.ledger.history()) == before


def test_a_question_is_charged_once_and_the_same_question_is_free(asked: Session) -> None:
    opened, seen = watched(asked)
    first = opened.sql(BY_STATE, keys=STATES, epsilon=0.25)
    assert first.frame["state"].to_list() == ["NY", "TX", "WY"] and not first.known
    assert opened.spent == Cost.pure(0.25) and first.cost == Cost.pure(0.25)
    again = opened.sql("SELECT state, COUNT(*) AS n\n FROM people GROUP BY state", keys=STATES, epsilon=0.25)
    assert again.known and again.frame.equals(first.frame) and len(seen) == 1
    # What comes after the noise is free.
    top = opened.sql(BY_STATE + " order by n desc limit 1", keys=STATES, epsilon=0.25)
    assert top.known and top.frame.rows() == first.frame.sort("n", descending=True).head(1).rows()
    assert opened.spent == Cost.pure(0.25)
    assert opened.sql(BY_STATE, keys=STATES, epsilon=0.3).cost == Cost.pure(0.3)


def test_the_budget_is_spent_to_the_last_and_never_overspent(asked: Session) -> None:
    """Ten questions at 0.1 cost 1, and the eleventh is refused."""
    for age in range(10):
        asked.sql(f"select count(*) from people where age > {age}", epsilon=0.1)
    with pytest.raises(BudgetError, match="nothing left"):
        asked.sql("select count(*) from people where age > 99", epsilon=0.1)
    assert asked.spent.epsilon == Cost.pure(1).epsilon
    assert asked.left.epsilon < 300_000  # what sums of rho leave


def test_a_crash_between_charge_and_answer_loses_budget_and_shows_nothing(asked: Session) -> None:
    broken, seen = watched(asked, fails=True)
    with pytest.raises(DataError, match="power"):
        broken.sql("select count(*) from people", epsilon=0.1)
    assert len(seen) == 1 and asked.spent == Cost.pure(0.1)
    assert not asked.sql("select count(*) from people", epsilon=0.1).known, "it is paid again"
    assert asked.spent == Cost.pure(0.1) + Cost.pure(0.1)


KILLED = """
import os, signal, sys
from confide import Budget, Unit
from confide.releases.session import private
from confide.releases.session.extract import Extract

class Dying(Extract):
    def ask(self, statement):
        if "confide_extract" in statement and "SELECT COUNT" in statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().ask(statement)

import confide.releases.session.extract as room
room.Extract = Dying
unit = Unit.person("user_id", at_most=3)
with private(sys.argv[1], unit=unit, budget=Budget(1.0, 1e-6), ledger=sys.argv[2]) as session:
    session.sql("select count(*) from people", epsilon=0.1)
"""


@pytest.mark.slow
def test_a_process_killed_while_it_answers_has_paid(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    ledger = f"sqlite:///{tmp_path}/people.ledger"
    done = subprocess.run([sys.executable, "-c", KILLED, path, ledger], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    with session(path) as opened:
        assert opened.spent == Cost.pure(0.1)
        assert [e.kind for e in opened.ledger.history()].count("answered") == 0
        assert not opened.sql("select count(*) from people", epsilon=0.1).known


def test_a_later_session_knows_the_answers_and_the_spent_budget(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    with session(path) as opened:
        first = opened.sql(BY_STATE, keys=STATES, epsilon=0.25)
    with session(path, budget=None) as opened:
        assert opened.sql(BY_STATE, keys=STATES, epsilon=0.25).frame.equals(first.frame)
        assert opened.spent == Cost.pure(0.25)
    with pytest.raises(LedgerError, match="hides"):
        session(path, unit=Unit.person("user_id", at_most=4))
    people(path, seed=1)
    with pytest.raises(LedgerError, match="another data set"):
        session(path)


def test_a_ledger_is_made_with_the_first_charge_where_the_session_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = people(tmp_path / "people.parquet")
    monkeypatch.chdir(tmp_path)
    with session(path, ledger="sqlite:///a.ledger") as opened:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert not opened.ledger.created and not (tmp_path / "a.ledger").exists()
        opened.sql("select count(*) from people", epsilon=0.25)
        assert opened.ledger.created and (tmp_path / "a.ledger").exists()
        assert opened.left.epsilon == 750_000


def test_two_sessions_that_began_before_the_ledger_share_it(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    count = "select count(*) from people"
    with session(path) as one, session(path) as two, session(path, budget=Budget(2.0)) as other:
        first = one.sql(count, epsilon=0.75)
        with pytest.raises(BudgetError, match="left"):
            two.sql(count, epsilon=0.5)
        assert two.spent == Cost.pure(0.75)
        assert two.sql(count, epsilon=0.75).frame.equals(first.frame)
        with pytest.raises(LedgerError, match="budget is epsilon 1"):
            other.sql(count, epsilon=0.1)


@pytest.mark.parametrize(
    "unit", [Unit.record(), Unit.person("user_id", at_most=4), Unit.person("age", at_most=3)]
)
def test_a_ledger_pays_for_noise_of_its_own_unit_alone(tmp_path: Path, unit: Unit) -> None:
    """Without a budget too: noise for another unit does not hide the people that were promised it."""
    path = people(tmp_path / "people.parquet")
    with session(path) as opened:
        opened.sql("select count(*) from people", epsilon=0.1)
    with pytest.raises(LedgerError, match="hides all rows of any one user_id, where nobody has more than 3"):
        session(path, unit=unit, budget=None)


def test_a_file_that_changed_under_a_session_is_refused_and_nothing_charged(asked: Session) -> None:
    assert isinstance(asked.extract, Extract)
    people(asked.extract.identity.path, seed=1)
    with pytest.raises(DataError, match="changed since"):
        asked.sql("select count(*) from people", epsilon=0.1)
    assert asked.spent == Cost.nothing()


def test_an_analyst_without_a_part_is_refused(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    opened = session(path, composition="basic", analyst="ada")
    with opened, pytest.raises(BudgetError, match="no analyst 'ada'"):
        opened.sql("select count(*) from people", epsilon=0.1)


def plain(path: Path) -> dict[str, list[float]]:
    """The statistics of each state, by loops over rows."""
    found: dict[str, list[float]] = {}
    for state in ("NY", "TX", "WY"):
        rows = [
            r for r in pl.read_parquet(path).iter_rows(named=True) if r["state"] == state and r["age"] > 30
        ]
        ages = [min(max(r["age"], 20), 60) for r in rows]
        incomes = [min(r["income"], 60_000.0) for r in rows]
        found[state] = [len(rows), len({r["user_id"] for r in rows}), sum(ages)]
        if rows:
            found[state] += [
                statistics.fmean(incomes), statistics.stdev(ages), statistics.variance(ages),
                sum(40 <= r["age"] <= 50 for r in rows) / len(rows),
                sorted(ages)[math.ceil(0.3 * len(ages)) - 1],
            ]  # fmt: skip
    return found


def test_without_noise_the_answer_is_that_of_plain_loops(tmp_path: Path) -> None:
    """The switch is a plan changed by hand; no method of a session and no setting of the door leads to it."""
    path = people(tmp_path / "people.parquet", rows=2_000)
    extract = Extract(path, unit=Unit.person("user_id", at_most=99), order=(), keep="memory", salt=(1, 2))
    text = (
        "select state, count(*) as n, count(distinct user_id) as p, sum(clip(age, 20, 60)) as s, "
        "avg(clip(income, 0, 60000)) as m, stddev(clip(age, 20, 60)) as d, var(clip(age, 20, 60)) as v, "
        "avg(age between 40 and 50) as y, quantile(age, 0.3, 20, 60) as q from people "
        "where age > 30 group by state"
    )
    query = parse(text, extract.schema, keys={"state": ["NY", "TX", "WY"]})
    made = without_noise(plan(query, Price.of(epsilon=1, rho=None, delta=None)))
    frame = frame_of(query, speak(made, extract.ask))
    extract.close()
    for state, expected in plain(path).items():
        row = frame.row(by_predicate=pl.col("state") == state, named=True)
        values = [row[name] for name in "npsmdvyq"]
        for value, wanted in zip(values, expected, strict=False):
            assert value == pytest.approx(wanted, rel=1e-6)
        if expected[0]:
            for name in "npsmyq":
                assert row[f"{name}_noise_low"] == pytest.approx(row[name], rel=1e-6)
        else:
            assert values[3:] == [None] * 5, "nothing is known of nobody"


def test_rare_groups_from_the_data_stay_hidden(tmp_path: Path) -> None:
    """A group of one person is shown with 1e-9, and one of 1,000 is hidden less often than that."""
    frame = pl.DataFrame({"user_id": range(2_001), "state": ["NY", "TX"] * 1_000 + ["secret"]})
    frame.write_parquet(tmp_path / "people.parquet")
    with session(tmp_path / "people.parquet", unit=Unit.person("user_id", at_most=1)) as opened:
        found = opened.sql(BY_STATE, epsilon=0.5, delta=1e-9)
        assert found.frame["state"].to_list() == ["NY", "TX"]
        assert opened.spent == Cost.pure(0.5, delta=1e-9)


def test_where_no_group_passes_the_answer_is_empty_and_stored(tmp_path: Path) -> None:
    """Each of 50 groups of one person is shown with at most 1e-9, so that the test fails once in 2 x 10^7."""
    frame = pl.DataFrame({"user_id": range(50), "state": [f"s{i}" for i in range(50)], "age": [40] * 50})
    frame.write_parquet(tmp_path / "people.parquet")
    text = "select state, count(*) as n, avg(clip(age, 0, 99)) as m from people group by state"
    with session(tmp_path / "people.parquet", unit=Unit.person("user_id", at_most=1)) as opened:
        first = opened.sql(text, epsilon=0.5, delta=1e-9)
        ends = [f"{name}_{end}" for name in "nm" for end in ("noise_low", "noise_high", "low", "high")]
        assert first.frame.height == 0 and first.frame.schema == {
            "state": pl.String, "n": pl.Float64, **dict.fromkeys(ends[:4], pl.Float64),
            "m": pl.Float64, **dict.fromkeys(ends[4:], pl.Float64),
        }  # fmt: skip
        assert first.frame.columns == ["state", "n", *ends[:4], "m", *ends[4:]]
        again, seen = watched(opened)
        found = again.sql(text, epsilon=0.5, delta=1e-9)
        assert found.known and found.frame.equals(first.frame) and seen == []
        assert opened.spent == Cost.pure(0.5, delta=1e-9)


def test_a_histogram_is_paid_once_for_all_bins(asked: Session) -> None:
    found = asked.histogram("age", bins=range(0, 101, 10), epsilon=0.5)
    assert found.frame.columns[:3] == ["from", "to", "count"] and found.frame.height == 10
    assert asked.spent == Cost.pure(0.5)
    rows = asked.extract.ask("SELECT count(*) FROM confide_extract")[0][0]
    # 3 rows a person: each count has noise of scale 6; the sum of ten strays by 300 once in 10^6 runs.
    assert isinstance(rows, int) and abs(float(found.frame["count"].sum()) - rows) < 300
    assert asked.histogram("age", bins=list(range(0, 101, 10)), epsilon=0.5).known


def test_bins_hold_their_lower_edge(tmp_path: Path) -> None:
    from confide.releases.session.histogram import Bins

    frame = pl.DataFrame(
        {"user_id": range(6), "x": [0.0, 1.0, 1.5, 2.0, math.nan, None], "n": [0, 1, 1, 2, 3, None]}
    )
    frame.write_parquet(tmp_path / "people.parquet")
    with session(tmp_path / "people.parquet") as opened:
        for column in ("x", "n"):
            bins = Bins.of(opened.extract.schema.table, column, [0, 1, 2])
            stored = bins.speak(Price.of(epsilon=999, rho=None, delta=None), opened.extract.ask)
            assert [cells[0] for cells in stored["cells"]] == [1, 3]


@pytest.mark.parametrize(
    ("column", "bins", "says"),
    [
        ("state", [0, 1], "no numbers"),
        ("agee", [0, 1], "did you mean age"),
        ("age", [0], "1 edges"),
        ("age", [0, 0], "rise"),
        ("age", [0, 1.5], "whole numbers"),
        ("age", [0, math.inf], "finite"),
        ("income", [0, "1"], "finite"),
        ("age", range(1_002), "1002 edges"),
        ("age", 10, "bins is 10"),
        (3, [0, 1], "no column 3"),
    ],
)
def test_refuses_bins_that_are_none(asked: Session, column: str, bins: Any, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        asked.histogram(column, bins=bins, epsilon=0.1)
    assert asked.spent == Cost.nothing()


def test_a_quote_asks_nothing_and_tells_the_error(asked: Session) -> None:
    opened, seen = watched(asked)
    text = "select state, count(*) as n, avg(clip(age, 0, 100)) as m from people group by state"
    quote = opened.cost(text, keys=STATES, epsilon=0.3)
    # Three sums share 0.3, one of them the count: scale 3 / 0.1 = 30, and 30 ln 20 = 89.9.
    assert quote.cost == Cost.pure(0.3) and quote.within == {"n": 90.0, "m": None} and quote.affordable
    assert not opened.cost(text, keys=STATES, epsilon=3).affordable
    assert opened.cost(text, keys=STATES, epsilon=0.3, rows=500).within["m"] == pytest.approx(13.0, abs=2)
    assert seen == [] and opened.spent == Cost.nothing() and "+-90 at 95%" in str(quote)


def test_within_finds_the_smallest_epsilon(asked: Session) -> None:
    quote = asked.cost("select count(*) as n from people", within=30)
    assert quote.within["n"] == 30
    units = quote.cost.epsilon
    assert units is not None
    less = asked.cost("select count(*) as n from people", epsilon=f"{units - 1}e-6")
    assert less.within["n"] == 31
    assert asked.sql("select count(*) as n from people", within=30).cost == quote.cost


def test_gaussian_noise_pays_a_rho(asked: Session) -> None:
    found = asked.sql("select count(*) as n from people", rho="0.001")
    assert str(found.cost) == "rho 0.001" and asked.spent.rho == 10**9


def test_a_door_without_the_noise_switch() -> None:
    """Neither the door nor a session takes anything that makes less noise than the price says."""
    import inspect

    taken = set(inspect.signature(private).parameters) | set(inspect.signature(Session.sql).parameters)
    assert not {name for name in taken if "noise" in name or "seed" in name or "salt" in name}


def test_refuses_what_no_session_can_be(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    for how, says in (
        ({"unit": Unit.client()}, "cannot hide"),
        ({"keep": "cloud"}, "'memory' or 'file'"),
        ({"unit": Unit.record(), "order": ["age"]}, "no person"),
        ({"budget": Budget(0.0)}, "epsilon is 0"),
        ({"ledger": "mysql://people"}, "sqlite"),
        ({"budget": None}, "no ledger"),
        ({"unit": "user_id:3"}, "the unit is 'user_id:3': give Unit.person"),
        ({"budget": 1}, "the budget is 1: give one"),
        ({"ledger": tmp_path / "people.ledger"}, "as a text"),
        ({"order": "age"}, "the order is 'age': give a list"),
    ):
        with pytest.raises(ConfideError, match=says):
            session(path, **how)
    wrong: Any = pl.DataFrame({"user_id": [1]})
    with pytest.raises(DataError, match="give the name of a"):
        private(wrong, unit=Unit.record(), budget=Budget(1.0), ledger=f"sqlite:///{tmp_path}/people.ledger")
    half: Any = 2.5
    with pytest.raises(ConfideError, match=r"at_most is 2\.5: give a whole number"):
        Unit.person("user_id", at_most=half)
    assert [p.name for p in tmp_path.iterdir()] == ["people.parquet"], "nothing was made"


def test_a_closed_session_says_so_and_charges_nothing(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    with session(path) as opened:
        opened.sql("select count(*) from people", epsilon=0.25)
    asks: list[Callable[[], object]] = [
        lambda: opened.sql("select count(*) from people where age > 64", epsilon=0.25),
        lambda: opened.cost("select count(*) from people", epsilon=0.25),
        lambda: opened.histogram("age", bins=[0, 100], epsilon=0.25),
        lambda: opened.spent,
        lambda: opened.left,
    ]
    for ask in asks:
        with pytest.raises(DataError, match="this session is closed"):
            ask()
    with session(path) as again:
        assert again.spent == Cost.pure(0.25)


def test_joined_tables_are_read_and_the_ledger_is_bound_to_those_about_people(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    pl.DataFrame({"code": ["NY", "TX"], "region": ["east", "south"]}).write_parquet(
        tmp_path / "regions.parquet"
    )
    pl.DataFrame({"user_id": [1, 1, 2], "rooms": [5, 3, 2]}).write_parquet(tmp_path / "homes.parquet")
    how: dict[str, Any] = {
        "public": {"regions": (tmp_path / "regions.parquet", "code")},
        "second": {"homes": (tmp_path / "homes.parquet", "user_id")},
    }
    text = (
        "select r.region, count(*) as n from people p join regions r on r.code = p.state "
        "join homes h on h.user_id = p.user_id where h.rooms < 5 group by r.region"
    )
    with session(path, **how) as opened:
        found = opened.sql(text, keys={"region": ["east", "south"]}, epsilon=0.5)
        assert found.frame["region"].to_list() == ["east", "south"]
        assert isinstance(opened.extract, Extract)
        assert opened.extract.digest != opened.extract.identity.digest and len(opened.extract.public) == 1
        pl.DataFrame({"user_id": [1], "rooms": [9]}).write_parquet(tmp_path / "homes.parquet")
        with pytest.raises(DataError, match="changed since"):
            opened.sql("select count(*) from people", epsilon=0.1)
    for wrong, says in (
        ({"public": {"regions": "regions.parquet"}}, "as a pair"),
        ({"public": {"regions": (tmp_path / "no.parquet", "code")}}, "cannot be read"),
        ({"public": {"regions": (tmp_path / "regions.parquet", "x")}}, "no column 'x'"),
        ({"second": {"homes": (tmp_path / "homes.parquet", ["user_id", "rooms"])}}, "2 person's columns"),
        ({"public": {"people": (tmp_path / "regions.parquet", "code")}}, "one name"),
    ):
        with pytest.raises(DataError, match=says):
            session(path, **wrong)
