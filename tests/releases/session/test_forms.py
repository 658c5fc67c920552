"""Questions beside SQL: priced, charged, answered and stored as all others; right where noise is nothing.

With an epsilon of 300 the noise of whole numbers is 0 but for a chance below 1e-10 in each test.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.releases.session.rooms import WEEK, people, session, written
from tests.releases.session.test_asking import watched

from confide.account.costs import Cost
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, ConfideError, DataError, LedgerError
from confide.mechanisms.statistics.top_k import PrivateTopK
from confide.releases.session import private
from confide.releases.session.prices import Price
from confide.releases.session.session import Session

STATES = ["NY", "TX", "CA", "WY"]
TABLES = {"columns": [["state", "kind"], ["state"]], "keys": {"state": ["NY", "WY"], "kind": ["a", None]}}
LARGE = {"budget": Budget(999.0, 1e-3)}
ASK: dict[str, Callable[[Any], object]] = {
    "top_k": lambda s: s.top_k("state", k=2, candidates=STATES, epsilon=0.25),
    "heavy_hitters": lambda s: s.heavy_hitters("state", epsilon=0.25, delta=1e-8),
    "tables": lambda s: s.tables(["state"], keys={"state": STATES}, epsilon=0.25),
    "histogram": lambda s: s.histogram("age", bins=[0, 50, 100], epsilon=0.25),
    "above": lambda s: s.above(threshold=100, epsilon=0.25),
}


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Session]:
    with session(people(tmp_path / "people.parquet")) as opened:
        yield opened


def visits(path: Path) -> tuple[Path, list[dict[str, Any]]]:
    """People with up to 4 rows, of which a session keeps the first 2; some cells are missing."""
    rows = [
        {"who": i % 60, "day": i, "state": STATES[i * i % 3], "kind": None if i % 7 == 0 else "ab"[i % 2]}
        for i in range(200)
    ]
    return written(path, rows), rows


def first_two(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    own: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        own[row["who"]].append(row)
    return [row for mine in own.values() for row in sorted(mine, key=lambda r: r["day"])[:2]]


@pytest.fixture
def exact(tmp_path: Path) -> Iterator[tuple[Session, list[dict[str, Any]]]]:
    path, rows = visits(tmp_path / "visits.parquet")
    with session(path, unit=Unit.person("who", at_most=2), order=["day"], **LARGE) as opened:
        yield opened, first_two(rows)


def people_of(rows: list[dict[str, Any]], column: str) -> Counter[Any]:
    return Counter(value for _, value in {(r["who"], r[column]) for r in rows})


def test_top_k_names_the_candidates_of_most_people_as_a_loop_does(
    exact: tuple[Session, list[dict[str, Any]]],
) -> None:
    opened, rows = exact
    naive = [(s, n) for s, n in people_of(rows, "state").most_common() if s in ("NY", "TX", "CA")]
    found = opened.top_k("state", k=2, candidates=STATES, epsilon=300).frame
    assert list(found.select("state", "count").iter_rows()) == naive[:2]
    # One that nobody has may be named too.
    all_four = opened.top_k("state", k=4, candidates=STATES, epsilon=300).frame
    assert sorted(all_four.select("state", "count").iter_rows()) == sorted([*naive, *_unseen(naive)])


def _unseen(naive: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(s, 0) for s in STATES if s not in dict(naive)]


def test_heavy_hitters_are_those_of_enough_people_in_the_order_of_released_numbers(
    exact: tuple[Session, list[dict[str, Any]]],
) -> None:
    opened, rows = exact
    naive = people_of(rows, "kind")
    found = opened.heavy_hitters("kind", epsilon=300, delta=1e-4)
    assert list(found.frame.select("kind", "count").iter_rows()) == sorted(
        naive.items(), key=lambda pair: (-pair[1], pair[0] is None, pair[0] or "")
    )
    # Each person has a day of their own, which shows with a chance of 1e-4 for all of them: two rows each.
    assert opened.heavy_hitters("day", epsilon=20, delta=1e-7).frame.height == 0


def test_tables_hold_all_cells_of_the_keys_as_a_loop_counts_them(
    exact: tuple[Session, list[dict[str, Any]]],
) -> None:
    opened, rows = exact
    found = opened.tables(**TABLES, epsilon=300).frame  # pyright: ignore[reportArgumentType]
    both, alone = Counter((r["state"], r["kind"]) for r in rows), Counter(r["state"] for r in rows)
    assert list(found.select("table", "state", "kind", "count").iter_rows()) == [
        *(("state by kind", s, k, both[s, k]) for s in ("NY", "WY") for k in ("a", None)),
        *(("state", s, None, alone[s]) for s in ("NY", "WY")),
    ]
    one = opened.tables(["kind"], keys={"kind": ["b"]}, epsilon=300).frame
    assert one.columns[:2] == ["kind", "count"] and one["count"].item() == sum(r["kind"] == "b" for r in rows)


@pytest.mark.parametrize("what", ASK)
def test_a_quote_asks_nothing_and_the_question_costs_what_it_says(asked: Session, what: str) -> None:
    opened, seen = watched(asked)
    quote: Any = ASK[what](opened.quote)
    assert seen == [] and opened.spent == Cost.nothing() and not opened.ledger.history()
    assert quote.affordable and quote.left.epsilon == 1_000_000
    ASK[what](opened)
    assert opened.spent == quote.cost and opened.spent.epsilon == 250_000


@pytest.mark.parametrize("what", [w for w in ASK if w != "above"])
def test_the_same_question_is_free_in_this_session_and_the_next(asked: Session, what: str) -> None:
    opened, seen = watched(asked)
    first: Any = ASK[what](opened)
    asks = len(seen)
    again: Any = ASK[what](opened)
    assert again.known and again.frame.equals(first.frame) and len(seen) == asks
    with session(opened.extract.identity.path) as later:  # pyright: ignore[reportAttributeAccessIssue]
        third: Any = ASK[what](later)
        assert third.known and third.frame.equals(first.frame) and later.spent.epsilon == 250_000


@pytest.mark.parametrize("what", ASK)
def test_it_is_charged_before_anything_is_counted(asked: Session, what: str) -> None:
    opened, _ = watched(asked, fails=True)
    with pytest.raises(DataError, match="power"):
        made: Any = ASK[what](opened)
        made.ask("select count(*) from people")
    assert opened.spent.epsilon == 250_000
    assert [e.kind for e in opened.ledger.history()].count("answered") == 0


def test_widths_are_those_of_the_closed_form(asked: Session) -> None:
    """Discrete Laplace noise of scale s is beyond w with 2 r^(w + 1) / (1 + r), r = exp(-1 / s)."""

    def width(scale: float) -> int:
        r = math.exp(-1 / scale)
        return next(w for w in range(10_000) if 2 * r ** (w + 1) / (1 + r) <= 0.05)

    quote = asked.quote
    # 3 rows a person, 2 tables: 6 steps for all of epsilon.
    found = quote.tables([["state", "age"], ["state"]], keys={"state": STATES, "age": [18]}, epsilon=0.5)
    assert found.within == {"count": width(6 / 0.5)}
    # Two names, so at most two counts of people move; half of epsilon counts.
    assert quote.top_k("state", k=2, candidates=STATES, epsilon=0.5).within == {"count": width(2 / 0.25)}
    assert quote.heavy_hitters("state", epsilon=0.5, delta=1e-8).within == {"count": width(3 / 0.5)}


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: s.top_k("stat", k=1, candidates=["NY"], epsilon=0.1), "did you mean state"),
        (lambda s: s.top_k(3, k=1, candidates=["NY"], epsilon=0.1), "no column 3"),
        (lambda s: s.top_k("income", k=1, candidates=[1.0], epsilon=0.1), "nearly a group of each row"),
        (lambda s: s.top_k("user_id", k=1, candidates=[1], epsilon=0.1), "one person at a time"),
        (lambda s: s.top_k("state", k=1, candidates="NY", epsilon=0.1), "give a list of values"),
        (lambda s: s.top_k("state", k=1, candidates=None, epsilon=0.1), "candidates is None"),
        (lambda s: s.top_k("state", k=1, candidates=[1], epsilon=0.1), "holds texts"),
        (lambda s: s.top_k("state", k=1, candidates=["NY", "NY"], epsilon=0.1), "given twice"),
        (lambda s: s.top_k("state", k=1, candidates=[], epsilon=0.1), "no keys"),
        (lambda s: s.top_k("age", k=1, candidates=range(10_001), epsilon=0.1), "at most 10,000"),
        (lambda s: s.top_k("state", k=3, candidates=["NY", "TX"], epsilon=0.1), "from 1 to 2"),
        (lambda s: s.top_k("state", k=True, candidates=["NY", "TX"], epsilon=0.1), "k is True"),
        (lambda s: s.top_k("state", k=1, candidates=["NY", "TX"]), "no price"),
        (lambda s: s.top_k("state", k=1, candidates=["NY", "TX"], epsilon=600), "at most 500"),
        (lambda s: s.top_k("state", k=1, candidates=["NY", "TX"], epsilon=2), "epsilon 2"),
        (lambda s: s.heavy_hitters("state", epsilon=0.1), "give a delta"),
        (lambda s: s.heavy_hitters("state", epsilon=0.1, delta=1), "below 1"),
        (lambda s: s.heavy_hitters("state", epsilon=0.1, delta=1e-3), "delta"),
        (lambda s: s.tables("state", keys={"state": ["NY"]}, epsilon=0.1), "the columns are"),
        (lambda s: s.tables([], keys={}, epsilon=0.1), "the columns are"),
        (lambda s: s.tables([["state"], "age"], keys={"state": ["NY"]}, epsilon=0.1), "names alone"),
        (lambda s: s.tables([["state"], []], keys={"state": ["NY"]}, epsilon=0.1), "names alone"),
        (lambda s: s.tables([["state", "state"]], keys={"state": ["NY"]}, epsilon=0.1), "twice"),
        (lambda s: s.tables([["state", "age"], ["age", "state"]], keys={"state": ["NY"], "age": [1]},
                            epsilon=0.1), "asked twice"),
        (lambda s: s.tables(["state"], keys={}, epsilon=0.1), "not for state"),
        (lambda s: s.tables(["state"], keys=["NY"], epsilon=0.1), "keys is"),
        (lambda s: s.tables(["state"], keys={"state": "NY"}, epsilon=0.1), "give a list of keys"),
        (lambda s: s.tables(["state"], keys={"state": ["NY"], "age": [1]}, epsilon=0.1), "in no table"),
        (lambda s: s.tables(["age", "state"], keys={"state": STATES, "age": range(50_001)}, epsilon=0.1),
         "200,004 cells"),
        (lambda s: s.histogram("income", bins=[0, 10**400], epsilon=0.1), "give finite numbers"),
        (lambda s: s.histogram("age", bins=[0, math.nan], epsilon=0.1), "give finite numbers"),
        (lambda s: s.histogram("age", bins=[0, True], epsilon=0.1), "give finite numbers"),
        (lambda s: s.above(threshold=1.5, epsilon=0.1), "threshold is 1.5"),
        (lambda s: s.above(threshold=1, epsilon=0.1, above=0), "above is 0"),
        (lambda s: s.above(threshold=1, epsilon=0.1, of="all"), "'rows' or 'people'"),
        (lambda s: s.above(threshold=1, epsilon=0.1, run=0), "run is 0"),
        (lambda s: s.above(threshold=1, epsilon=0), "above 0"),
        (lambda s: s.above(threshold=1, epsilon=2), "epsilon 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anything_is_touched(
    asked: Session, ask: Callable[[Session], object], says: str
) -> None:
    opened, seen = watched(asked)
    with pytest.raises(ConfideError, match=says):
        ask(opened)
    assert seen == [] and opened.spent == Cost.nothing() and not opened.ledger.history()


def test_a_column_with_the_name_of_the_answers_own_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "odd.parquet", [{"count_low": "a", "table": "b", "who": 1}])
    with session(path, unit=Unit.record()) as opened:
        with pytest.raises(ConfideError, match="column count_low of its own"):
            opened.heavy_hitters("count_low", epsilon=0.1, delta=1e-8)
        with pytest.raises(ConfideError, match="one table at a time"):
            opened.tables([["table"], ["who"]], keys={"table": ["b"], "who": [1]}, epsilon=0.1)


def test_dates_truth_values_and_odd_names_are_keys_too(tmp_path: Path) -> None:
    days = pl.Series('da"y; drop', ["2020-01-31", None, "2020-01-31"]).str.to_date()
    frame = pl.DataFrame({"who": [1, 2, 3], "yes": [True, False, None]}).with_columns(days)
    frame.write_parquet(tmp_path / "odd name.parquet")
    with session(tmp_path / "odd name.parquet", unit=Unit.record(), **LARGE) as opened:
        found = opened.heavy_hitters('da"y; drop', epsilon=300, delta=1e-4).frame
        assert found.rows()[0][:2] == (days[0], 2.0)
        counted = opened.tables(["yes"], keys={"yes": [True, None]}, epsilon=300).frame
        assert counted["yes"].to_list() == [True, None] and counted["count"].to_list() == [1, 1]


def test_a_run_stops_after_the_last_reply_above_and_is_charged_once(
    exact: tuple[Session, list[dict[str, Any]]],
) -> None:
    opened, rows = exact
    counts = Counter(r["state"] for r in rows)
    low, high = min(counts.values()), max(counts.values())
    run = opened.above(threshold=(low + high) // 2 + 1, epsilon=300, above=2)
    texts = {s: f"select count(*) from visits where state = '{s}'" for s in counts}
    many = [s for s in counts if counts[s] == high][:1]
    few = [s for s in counts if counts[s] == low]
    assert [run.ask(texts[s]) for s in (*few, *few, *many)] == [False] * 2 * len(few) + [True]
    # The same query in other words: the same reply, and none is used up.
    assert (
        run.left == 1 and run.ask(texts[many[0]].replace("select count", "SELECT  COUNT")) and run.left == 1
    )
    assert run.ask("select count(*) from visits") and run.left == 0
    assert opened.spent == Cost.pure(300) and run.ask(texts[few[0]]) is False
    with pytest.raises(BudgetError, match="run=2"):
        run.ask("select count(*) from visits where day > 3")
    again = opened.above(threshold=(low + high) // 2 + 1, epsilon=300, above=2)
    assert again.known and again.left == 0 and again.ask(texts[many[0]]) and opened.spent == Cost.pure(300)
    other = opened.above(threshold=(low + high) // 2 + 1, epsilon=300, above=2, run=2)
    assert not other.known and opened.spent.epsilon == 600_000_000


def test_replies_are_stored_when_a_session_closes_in_the_middle_of_a_run(tmp_path: Path) -> None:
    path = people(tmp_path / "people.parquet")
    few = "select count(*) from people where age > 200"
    with session(path, **LARGE) as opened:
        assert opened.above(threshold=50, epsilon=300).ask(few) is False
    with session(path, **LARGE) as later:
        run = later.above(threshold=50, epsilon=300)
        assert run.known and run.ask(few) is False and later.spent == Cost.pure(300)
        with pytest.raises(BudgetError, match="stopped"):
            run.ask("select count(*) from people")
    with pytest.raises(DataError, match="closed"):
        run.ask(few)


def test_the_interval_of_a_table_is_as_wide_around_a_negative_number_as_around_any(asked: Session) -> None:
    """100 empty cells, of which some are negative but for a chance of 1e-20 or so: none is cut at 0."""
    keys = {"state": STATES[:1], "age": list(range(200, 300))}
    found = asked.tables(["state", "age"], keys=keys, epsilon=0.25)
    quote = asked.quote.tables(["state", "age"], keys=keys, epsilon=0.25)
    width, frame = quote.within["count"], found.frame
    assert (frame["count"] < 0).any()
    for end, side in (("count_noise_low", -1), ("count_noise_high", 1)):
        assert (frame[end] - frame["count"]).to_list() == [side * (width or 0)] * 100
    assert (frame["count_low"] < frame["count"]).all() and (frame["count"] < frame["count_high"]).all()


def test_a_run_of_people_needs_less_noise_and_takes_counts_of_people_alone(asked: Session) -> None:
    rows = asked.quote.above(threshold=9, epsilon=0.1).within["count against the threshold"]
    each = asked.quote.above(threshold=9, epsilon=0.1, of="people").within["count against the threshold"]
    assert rows is not None and each is not None and 2.8 < rows / each < 3.2  # 3 rows a person
    run = asked.above(threshold=9, epsilon=0.1, of="people")
    for text, says in {
        "select count(*) from people": "count.distinct user_id",
        "select state, count(distinct user_id) from people group by state": "only counts",
        "select avg(clip(age, 0, 9)) from people": "only counts",
        "select count(distinct user_id) as n from people having n > 3": "only counts",
    }.items():
        with pytest.raises(ConfideError, match=says):
            run.ask(text)
    assert run.left == 1 and "bar" not in repr(run)
    run.ask("select count(distinct user_id) from people")


@pytest.mark.slow
def test_a_candidate_that_is_left_out_has_as_few_people_more_as_the_note_says(asked: Session) -> None:
    """Of 300 choices at most 5 % may be further off: fails for 27 or more with a chance below 1e-2.

    The bound adds up 60 chances, so that far fewer are."""
    quote = asked.quote.top_k("age", k=3, candidates=range(18, 38), epsilon=0.4)
    noted = int(quote.notes[0].partition("at most ")[2].partition(" people")[0])
    # 3 names of 20 candidates, 0.2 for the names, of which one person moves each count by 1.
    assert noted == math.ceil(3 / 0.2 * math.log(3 * 20 / 0.05))
    mechanism, counts = PrivateTopK(epsilon=0.4, k=3, at_most=3), [5 * i for i in range(20)]
    off: list[int] = []
    for _ in range(300):
        made = mechanism.of_counts(counts, tuple(range(20)), rng=np.random.default_rng(0))
        named = [int(str(key)) for key in made.view.keys]
        left = max(n for i, n in enumerate(counts) if i not in named)
        off.append(left - min(counts[i] for i in named))
    assert sum(one > noted for one in off) < 27 and max(off) > 0


def test_the_noise_is_made_from_no_more_than_the_ledger_is_charged() -> None:
    for text in ("0.1", "0.3", "1e-6", "0.7000001", "2"):
        price = Price.of(epsilon=text, rho=None, delta="1e-7")
        epsilon, delta = price.pure("it")
        assert Fraction(epsilon) <= Fraction(price.epsilon, 10**6) and math.isclose(
            epsilon, float(text), rel_tol=2
        )
        assert Fraction(delta) <= Fraction(price.delta, 10**15)
        assert Fraction(math.nextafter(epsilon, 9)) > Fraction(price.epsilon, 10**6)


def test_a_price_that_promises_nothing_says_so(tmp_path: Path) -> None:
    with session(people(tmp_path / "people.parquet"), **LARGE) as opened:
        text = "select count(*) from people"
        assert any("promises nothing" in note for note in opened.cost(text, epsilon=500).notes)
        assert any("promises nothing" in note for note in opened.sql(text, epsilon=11).notes)
        assert any("promises nothing" in note for note in opened.cost(text, rho=100).notes)
        # Of the budget alone.
        (note,) = opened.notes
        assert "budget's epsilon 999" in note and opened.cost(text, epsilon=10).notes.count(note) == 1
    (tmp_path / "people.ledger").unlink()
    with session(tmp_path / "people.parquet", budget=Budget(10.0)) as opened:
        assert not any("promises" in note for note in opened.cost(text, epsilon=10).notes)


def test_a_session_without_a_budget_goes_on_with_its_ledger_or_says_that_there_is_none(
    tmp_path: Path,
) -> None:
    path, ledger = people(tmp_path / "people.parquet"), f"sqlite:///{tmp_path}/people.ledger"
    with pytest.raises(LedgerError, match=r"there is no ledger .*: give the budget of a new one"):
        private(path, unit=WEEK, ledger=ledger)
    assert [p.name for p in tmp_path.iterdir()] == ["people.parquet"]
    with session(path) as opened:
        opened.sql("select count(*) from people", epsilon=0.25)
    with private(path, unit=WEEK, ledger=ledger) as later:
        assert later.spent == Cost.pure(0.25) and later.left.epsilon == 750_000


def test_a_ledger_that_is_not_there_yet_answers_or_says_what_to_do(asked: Session) -> None:
    ledger = asked.ledger
    assert list(ledger.parts) == ["everybody"] and ledger.parts["everybody"].share == 1
    with pytest.raises(LedgerError, match="made with the first question"):
        _ = ledger.head
    with pytest.raises(BudgetError, match="--part ada=1/2 of confide query"):
        ledger.admit("ada", 0.5)
    with pytest.raises(BudgetError, match="no analyst 'ada'"):
        ledger.revoke("ada")
    with pytest.raises(LedgerError, match="no part to revoke"):
        ledger.revoke("everybody")
    assert not (asked.extract.identity.path.parent / "people.ledger").exists()  # pyright: ignore[reportAttributeAccessIssue]
    asked.sql("select count(*) from people", epsilon=0.25)
    assert ledger.head == ledger.history()[-1].hash and ledger.parts["everybody"].spent == Cost.pure(0.25)
    ledger.revoke("everybody")
    with pytest.raises(BudgetError, match="revoked"):
        asked.sql("select count(*) from people where age > 3", epsilon=0.25)


def test_names_that_no_file_can_have_are_a_persons_error(tmp_path: Path) -> None:
    for name in ("a\ud800.parquet", "a\0.parquet"):
        with pytest.raises(DataError, match="no file can have such a name"):
            session(tmp_path / name)
