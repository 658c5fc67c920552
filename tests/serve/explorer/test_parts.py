"""The pure parts: gains, tokens, limits, visits, precisions, questions, csv."""

from __future__ import annotations

import itertools
import json
import math
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.serve.explorer.conftest import SCHEMA, Clock

from confide.account.costs import Cost
from confide.account.filters import Filter
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.serve.explorer.engine import Answer, Cell
from confide.serve.explorer.forms import fields_of, question_of
from confide.serve.explorer.gain import Gain, percent, right_guesses
from confide.serve.explorer.groups import groups_of
from confide.serve.explorer.limits import RateLimit
from confide.serve.explorer.precisions import precisions_for
from confide.serve.explorer.questions import Asking, Only, Question
from confide.serve.explorer.reading import read_schema
from confide.serve.explorer.results import Result, kind_of_chart
from confide.serve.explorer.spending import share_spent
from confide.serve.explorer.tokens import Tokens, Visitor
from confide.serve.explorer.visits import Visits, same_form


@pytest.mark.parametrize("epsilon, delta", [(0.0, 0.0), (0.1, 0.0), (1.0, 1e-6), (2.0, 0.1), (0.0, 0.3)])
def test_no_test_is_right_more_often_than_is_said(epsilon: float, delta: float) -> None:
    """The worst pair of laws that is (epsilon, delta)-close (Kairouz, Oh, Viswanath 2015, theorem 2).

    It has four outcomes. Of all sixteen tests the best one is right exactly as often as is said.
    """
    e = math.exp(epsilon)
    one = [delta, (1 - delta) * e / (1 + e), (1 - delta) / (1 + e), 0.0]
    other = one[::-1]
    best = max(
        sum((p if yes else q) / 2 for p, q, yes in zip(one, other, test, strict=True))
        for test in itertools.product([False, True], repeat=4)
    )
    assert right_guesses(Budget(epsilon, delta)) == pytest.approx(best, abs=1e-12)


def test_a_large_epsilon_promises_nothing() -> None:
    assert right_guesses(Budget(5_000.0)) == 1.0 and percent(right_guesses(Budget(5_000.0))) == "100 %"
    assert percent(0.500001) == "50.1 %"  # rounded up, since it is the most
    whole = Budget(1.0)
    assert "52.5 %" in Gain(alone=Budget(0.1), after=Budget(0.2), whole=whole).words[0]


def test_tokens_are_kept_as_hashes_that_only_the_owner_can_read(tmp_path: Path) -> None:
    file, ada = tmp_path / "tokens", Visitor("ada", "analyst")
    tokens = Tokens(file)
    token = tokens.new(ada)
    assert len(token) >= 43 and token not in file.read_text()  # 32 bytes in base 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = Tokens.load(file)
    assert again.visitor(token) == ada and again.visitor(token + "x") is None and again.visitor("") is None
    newer = again.new(ada)
    assert newer != token and Tokens.load(file).visitor(token) is None
    assert Tokens.load(file).visitor(newer) == ada
    again.revoke(ada)
    assert Tokens.load(file).visitor(newer) is None and Tokens.load(file).visitors == ()


def test_a_file_of_tokens_that_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    Tokens(file).new(Visitor("ada", "analyst"))
    good = json.loads(file.read_text())
    file.chmod(0o644)
    with pytest.raises(DataError, match="others can open"):
        Tokens.load(file)
    file.chmod(0o600)
    for bad in ("", "[]", "{}", json.dumps({**good, "version": 2}), '{"version": 1, "tokens": [{}]}'):
        file.write_text(bad)
        with pytest.raises(DataError, match="holds no tokens"):
            Tokens.load(file)


def test_a_rate_limit_against_a_naive_one() -> None:
    """A naive limit keeps all times, and counts what flowed in since the bucket was full."""
    clock, rng = Clock(), np.random.default_rng(7)
    limit = RateLimit(rate=2.0, burst=5, clock=clock)
    level, last, granted = 5.0, 0.0, 0
    for step in rng.exponential(0.3, 400):
        clock.now += float(step)
        level, last = min(5.0, level + 2.0 * (clock.now - last)), clock.now
        wait = limit.wait("ada")
        if level >= 1:
            level -= 1
            granted += 1
            assert wait == 0
        else:
            assert wait == pytest.approx((1 - level) / 2.0, abs=1e-9)
    # In the long run 2 a second, whatever is asked.
    assert granted <= 5 + 2.0 * clock.now and granted >= 1.9 * clock.now
    assert limit.wait("ben") == 0


def test_visits_end(tmp_path: Path) -> None:
    clock = Clock()
    visits = Visits(clock=clock)
    ada = Visitor("ada", "analyst")
    one, two = visits.begin(ada), visits.begin(ada)
    first, second = visits.of(one), visits.of(two)
    assert first is not None and second is not None and first.form != second.form
    assert same_form(first, first.form) and not same_form(first, second.form)
    visits.end(one)
    assert visits.of(one) is None and visits.of(two) is not None
    visits.end_all(ada)
    assert visits.of(two) is None and visits.of("") is None


def test_precisions_are_short_and_within_the_budget() -> None:
    found = precisions_for(1_000_000)
    assert found[-1] == 1 and found[0] == Decimal("0.001") and list(found) == sorted(found)
    assert all(1.3 < float(b / a) < 1.7 for a, b in itertools.pairwise(found))
    assert precisions_for(500) == (Decimal("0.0005"),)


def test_what_is_spent_of_a_part() -> None:
    both = Filter(most_epsilon=1_000_000, most_rho=20_000_000_000, most_delta=0)
    # Ten questions of 0.05: half of the epsilons, 12.5e9 of 20e9 of rho; the better way counts.
    assert share_spent(both, sum([Cost.pure(0.05)] * 10, Cost.nothing())) == pytest.approx(0.5)
    assert share_spent(both, Cost.nothing()) == 0 and share_spent(both, Cost.pure(5.0)) == 1


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    schema = read_schema(tmp_path / "schema.toml")
    return Asking(schema, 'peo"ple', "user_id", {"age": "age_bin", "lat": "lat_bin", "lon": "lon_bin"})


def test_questions_in_sql(asking: Asking) -> None:
    half = Decimal("0.5")
    said = [
        (Question(precision=half), 'select count(*) from "peo""ple"'),
        (
            Question(measure="mean", of="income", by=("state",), precision=half),
            'select "state", avg(clip("income", 0, 100000)) from "peo""ple" group by "state"',
        ),
        (
            Question(
                measure="people", map="home", precision=half,
                only=(
                    Only(column="state", among=("south", "west")), Only(column="age", low=18),
                    Only(column="visited", low=date(2024, 2, 1), high=date(2024, 3, 1)),
                ),
            ),
            'select "lat_bin", "lon_bin", count(distinct "user_id") from "peo""ple" where '
            "\"state\" in ('south', 'west') and \"age\" >= 18 and \"visited\" >= '2024-02-01' and "
            "\"visited\" < '2024-03-01' group by \"lat_bin\", \"lon_bin\"",
        ),
    ]  # fmt: skip
    for question, text in said:
        assert asking.asked(asking.check(question)).text == text
    asked = asking.asked(asking.check(said[2][0]))
    assert asked.keys == {"lat_bin": (0, 1, 2, 3), "lon_bin": (0, 1, 2, 3)}


REFUSED = {
    "no column": Question(by=("salary",), precision=Decimal(1)),
    "no map": Question(map="work", precision=Decimal(1)),
    "a mean of texts": Question(measure="mean", of="state", precision=Decimal(1)),
    "rows of a column": Question(of="age", precision=Decimal(1)),
    "no groups": Question(by=("income",), precision=Decimal(1)),
    "twice": Question(by=("age", "age"), precision=Decimal(1)),
    "a map and more": Question(by=("age",), map="home", precision=Decimal(1)),
    "no such value": Question(only=(Only(column="state", among=("secretplace",)),), precision=Decimal(1)),
    "a range of texts": Question(only=(Only(column="state", low=1),), precision=Decimal(1)),
    "values of numbers": Question(only=(Only(column="age", among=(1,)),), precision=Decimal(1)),
    "outside": Question(only=(Only(column="age", low=101),), precision=Decimal(1)),
    "empty": Question(only=(Only(column="age", low=50, high=50),), precision=Decimal(1)),
    "a date of numbers": Question(only=(Only(column="age", low=date(2024, 2, 1)),), precision=Decimal(1)),
    "a number of dates": Question(only=(Only(column="visited", low=3),), precision=Decimal(1)),
    "one column twice": Question(
        only=(Only(column="age", low=1), Only(column="age", high=9)), precision=Decimal(1)
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_questions_that_cannot_be(asking: Asking, case: str) -> None:
    with pytest.raises(DataError):
        asking.check(REFUSED[case])


def test_forms_say_the_question(asking: Asking) -> None:
    precisions = precisions_for(1_000_000)
    form = fields_of(b"measure=sum%3Aincome&by=age&then=state&is.state=2&from.age=18&to.age=&precision=12")
    assert question_of(form, asking.schema, precisions) == Question(
        measure="sum", of="income", by=("age", "state"), precision=Decimal("0.1"),
        only=(Only(column="age", low=18), Only(column="state", among=("west",))),
    )  # fmt: skip
    for bad in (
        b"precision=99", b"precision=-1", b"precision=x", b"measure=max%3Aage&precision=1",
        b"is.state=9&precision=1", b"is.state=south&precision=1", b"from.age=old&precision=1",
        b"from.visited=1.1.24&precision=1", b"by=map%3Ahome&then=age&precision=1",
        b"from.age=1e999&precision=1",
    ):  # fmt: skip
        with pytest.raises(DataError):
            asking.check(question_of(fields_of(bad), asking.schema, precisions))
    with pytest.raises(DataError):
        fields_of(b"\xff=1")


def test_a_csv_cannot_act_in_a_spreadsheet(asking: Asking) -> None:
    column = asking.schema.columns["state"]
    question = Question(by=("state",), precision=Decimal(1))
    cells = tuple(Cell(1.0, 0.5, 1.5, None, None) for _ in groups_of(column).keys)
    made = Result(
        name="x", title="=1+1", sql="", question=question, heads=("=cmd()",), groups=(groups_of(column),),
        answer=Answer(cells=cells, cost="", known=False), unit="",
        kind=kind_of_chart(question, asking.schema),
    )  # fmt: skip
    assert made.csv().splitlines()[:2] == [
        "'=cmd(),value,low_privacy,high_privacy,low_sampling,high_sampling", "north,1.0,0.5,1.5,,",
    ]  # fmt: skip
