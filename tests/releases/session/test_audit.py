"""An audit of answers: below the promise, and above it where noise, clipping or bounding is broken.

Each of many people has a group of their own, so that one answer holds as many independent draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pytest
from tests.releases.session.test_bounding import ByPlace

from confide.measure.intervals import clopper_pearson
from confide.mechanisms.statistics.noisy_integers import LaplaceIntegers
from confide.releases.session.bounding import PLACE, Bound
from confide.releases.session.heavy import HeavyKeys
from confide.releases.session.planning import Plan, plan
from confide.releases.session.prices import Price
from confide.releases.session.speaking import speak
from confide.releases.session.tabled import Tabled
from confide.releases.sql import Column, PrivateTable, Schema, parse, sensitivities

PEOPLE, ROWS, MOST = 4_000, 7, 3
ALPHA = 1e-6
COLUMNS = {"u": Column(kind="integer"), "x": Column(kind="integer")}
SCHEMA = Schema(PrivateTable(name="t", columns=COLUMNS, unit="u", at_most=MOST, source=("kept",)))
EPSILON = 1.0


def table(*, there: bool, cut: Callable[[Bound], Any] | None = lambda bound: bound) -> Any:
    """A statement -> its rows: everybody has 7 rows with x = 50, or nobody has any."""
    base = duckdb.connect(config={"threads": 1})
    base.execute(
        f"CREATE TABLE source AS SELECT i // {ROWS} AS u, 50::BIGINT AS x, i AS {PLACE} "
        f"FROM range({PEOPLE * ROWS if there else 0}) r(i)"
    )
    bound = Bound(unit="u", at_most=MOST, columns=("u", "x"), salt=(1, 2))
    if cut is None:
        base.execute("CREATE TABLE kept AS SELECT u, x FROM source")
    else:
        for statement in cut(bound).statements("source", "kept"):
            base.execute(statement)
    return lambda statement: base.execute(statement).fetchall()


def made(what: str) -> Plan:
    # A person's own group is named by a copy of their id, since no query groups by people.
    columns = COLUMNS | {"g": Column(kind="integer")}
    schema = Schema(PrivateTable(name="t", columns=columns, unit="u", at_most=MOST, source=("grouped",)))
    query = parse(f"select g, {what} as a from t group by g", schema, keys={"g": range(PEOPLE)})
    return plan(query, Price.of(epsilon=EPSILON, rho=None, delta=None))


def answers(made: Plan, ask: Any) -> list[float]:
    ask("CREATE OR REPLACE VIEW grouped AS SELECT *, u AS g FROM kept")
    return [float(cells[0]) for cells in speak(made, ask)["cells"]]  # pyright: ignore[reportArgumentType]


def certain(here: Sequence[float], there: Sequence[float]) -> float:
    """The largest log-ratio of P(answer >= t), certain at 1 - ALPHA for each of 60 t."""
    found = 0.0
    for t in np.quantile(np.concatenate([here, there]), np.linspace(0.01, 0.99, 60)):
        low = clopper_pearson(int((np.array(here) >= t).sum()), len(here), confidence=1 - ALPHA)[0]
        high = clopper_pearson(int((np.array(there) >= t).sum()), len(there), confidence=1 - ALPHA)[1]
        found = max(found, math.log(max(low, 1e-300) / high))
    return found


@pytest.fixture(scope="module")
def here() -> Any:
    return table(there=True)


@pytest.fixture(scope="module")
def there() -> Any:
    return table(there=False)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["count(*)", "sum(clip(x, 0, 10))"])
def test_answers_stay_below_the_promise(here: Any, there: Any, what: str) -> None:
    """False alarms: once in 10,000 runs. That it is above a third shows that the audit sees something."""
    honest = made(what)
    assert EPSILON / 3 < certain(answers(honest, here), answers(honest, there)) <= EPSILON


@pytest.mark.slow
def test_noise_that_is_four_times_too_small_is_caught(here: Any, there: Any) -> None:
    honest = made("count(*)")
    parts = {
        what: replace(part, noise=LaplaceIntegers(MOST, part.noise.scale / 4))
        for what, part in honest.parts.items()
    }
    twin = replace(honest, parts=parts)
    assert certain(answers(twin, here), answers(twin, there)) > EPSILON


@pytest.mark.slow
def test_a_table_that_was_not_bounded_is_caught(there: Any) -> None:
    honest = made("count(*)")
    assert certain(answers(honest, table(there=True, cut=None)), answers(honest, there)) > EPSILON


@pytest.mark.slow
def test_values_that_were_not_clipped_are_caught(here: Any, there: Any) -> None:
    honest = made("sum(clip(x, 0, 10))")

    def unclipped(statement: str) -> Any:
        return here(
            "SELECT g, sum(x) FROM grouped GROUP BY g" if "GREATEST" in statement.upper() else statement
        )

    assert certain(answers(honest, unclipped), answers(honest, there)) > EPSILON


def test_a_bound_that_looks_at_other_people_is_caught() -> None:
    """One person more changes everybody's draw, and the sum of what was drawn by more than their share."""
    query = parse("select sum(clip(x, 0, 1)) as s from t", SCHEMA)
    (one,) = plan(query, Price.of(epsilon=EPSILON, rho=None, delta=None)).parts.values()
    most = next(iter(sensitivities(query).values())).l1

    def total(cut: Callable[[Bound], Any], first: int) -> int:
        base = duckdb.connect(config={"threads": 1})
        # The person 0 has one row, before all others; of the others every second row counts.
        base.execute(
            f"CREATE TABLE source AS SELECT (i + 6) // {ROWS} AS u, i % 2 AS x, i - {first} AS {PLACE} "
            f"FROM range({first}, 2001) r(i)"
        )
        bound = Bound(unit="u", at_most=MOST, columns=("u", "x"), salt=(1, 2))
        for statement in cut(bound).statements("source", "kept"):
            base.execute(statement)
        return int(base.execute("SELECT sum(x) FROM kept").fetchall()[0][0])

    def audit(cut: Callable[[Bound], Any]) -> float:
        sums = [total(cut, first) for first in (0, 1)]
        noisy = [one.noisy([s] * PEOPLE) for s in sums]
        assert (abs(sums[0] - sums[1]) <= most) == (cut is honest)
        return max(certain(noisy[0], noisy[1]), certain(noisy[1], noisy[0]))

    def honest(bound: Bound) -> Bound:
        return bound

    assert audit(honest) <= EPSILON < audit(ByPlace)


OWN = PrivateTable(
    name="t", columns=COLUMNS | {"g": Column(kind="integer")}, unit="u", at_most=MOST, source=("grouped",)
)


def cells(ask: Any) -> list[float]:
    """A contingency table with a cell for each person."""
    ask("CREATE OR REPLACE VIEW grouped AS SELECT *, u AS g FROM kept")
    question = Tabled.of(OWN, ["g"], {"g": range(PEOPLE)})
    price = Price.of(epsilon=EPSILON, rho=None, delta=None)
    return [float(c[0]) for c in question.speak(price, ask)["cells"]]  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_contingency_tables_stay_below_the_promise_and_unbounded_rows_are_caught(
    here: Any, there: Any
) -> None:
    """As for answers to SQL: false alarms once in 10,000 runs."""
    nobody = cells(there)
    assert EPSILON / 3 < certain(cells(here), nobody) <= EPSILON
    assert certain(cells(table(there=True, cut=None)), nobody) > EPSILON


@pytest.mark.slow
def test_values_of_one_person_are_found_no_more_often_than_delta_says(here: Any) -> None:
    """4,000 values that one person has each. Up to 3 of them could be one person's, so that each is shown
    with at most a third of delta; false alarms once in a million runs."""
    here("CREATE OR REPLACE VIEW grouped AS SELECT *, u AS g FROM kept")

    def share(delta: float) -> tuple[float, float]:
        price = Price.of(epsilon=EPSILON, rho=None, delta=delta)
        shown = len(HeavyKeys.of(OWN, "g").speak(price, here)["keys"])
        low, high = clopper_pearson(shown, PEOPLE, confidence=1 - ALPHA)
        return float(low), float(high)

    low, high = share(0.3)
    assert low <= 0.1 and high > 0.05
    # A twin that shows what three times the delta would is caught.
    assert share(0.9)[0] > 0.1
