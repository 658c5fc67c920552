"""Workloads of a session: charged as one before they are answered, and less than their sum."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from scipy.optimize import brentq
from scipy.stats import norm
from tests.releases.session.rooms import people, session

from confide.account.costs import MILLIONTH
from confide.cli import main
from confide.core.budget import Budget
from confide.core.errors import BudgetError, ConfideError, DataError
from confide.releases.session.session import Session
from confide.releases.sql import QueryError

KEYS = {"state": ["NY", "TX", "WY"]}
BY_STATE = "select state, count(*) as n from people group by state order by n limit 2"
MANY = [BY_STATE, *(f"select count(*) as n from people where age > {age}" for age in range(20, 34))]


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Session]:
    with session(people(tmp_path / "people.parquet")) as opened:
        yield opened


def test_a_workload_is_charged_once_at_the_exact_epsilon_of_its_noise(asked: Session) -> None:
    """15 questions with Gaussian noise of rho r each are one with ratio sqrt(30 r)."""
    made = asked.workload(MANY, keys=KEYS, rho="0.00002", delta=1e-7)
    ratio = math.sqrt(2 * 15 * 0.00002)

    def lost(epsilon: float) -> float:
        below = norm.logcdf(-epsilon / ratio - ratio / 2) + epsilon
        return float(norm.cdf(-epsilon / ratio + ratio / 2) - math.exp(below))

    exact = float(brentq(lambda e: lost(e) - 1e-7, 0, 10, xtol=1e-12))
    assert made.cost.epsilon is not None
    assert exact <= made.cost.epsilon / MILLIONTH <= 1.01 * exact
    assert asked.ledger.history() == []  # nothing was asked yet
    found = made.answer()
    assert (found.cost, found.known, len(found.frames)) == (made.cost, False, 15)
    assert found.frames[0].columns[:2] == ["state", "n"] and found.frames[0].height == 2
    assert asked.spent == made.cost
    again = asked.workload(MANY, keys=KEYS, rho="0.00002", delta=1e-7).answer()
    assert again.known and all(a.equals(b) for a, b in zip(again.frames, found.frames, strict=True))
    assert asked.spent == made.cost and "they cost nothing" in str(again)


def test_the_noise_is_the_smallest_that_a_total_allows(asked: Session) -> None:
    made = asked.workload(MANY, keys=KEYS, total=0.4, delta=1e-7)
    assert made.cost.epsilon is not None and 0.3995 * MILLIONTH <= made.cost.epsilon <= 0.4 * MILLIONTH
    apart = asked.workload(MANY, keys=KEYS, epsilon="0.026", delta=1e-7)  # 15 of them are 0.39
    assert (made.within[1]["n"] or 0) < (apart.within[1]["n"] or 0)
    alone = asked.workload(MANY[1:2], epsilon=0.1, delta=1e-7)
    assert alone.cost == alone.apart  # one question gains nothing


def half_width_of_laplace(scale: float) -> float:
    """Of discrete Laplace noise at 95 %, by adding up its law."""
    r, w = math.exp(-1 / scale), 0
    while 2 * r ** (w + 1) / (1 + r) > 0.05:
        w += 1
    return w


@pytest.mark.slow
def test_few_questions_get_laplace_noise_and_many_gaussian(asked: Session) -> None:
    """One question of total 0.3 has the noise of epsilon 0.3: scale 3 rows / 0.3, within +-30 or so. Gaussian
    noise of (0.3, 1e-7) has a deviation of 3 * 16.6 at least (Balle, Wang 2018), and is within +-97."""
    one = asked.workload(MANY[1:2], total=0.3, delta=1e-7)
    assert one.within[0]["n"] == half_width_of_laplace(3 / 0.3)
    assert one.cost.epsilon == 300_000 and "The noise is Laplace" in str(one)
    two = asked.workload(MANY[1:3], total=0.3, delta=1e-7)
    # Two with half of it each are always within the total.
    assert (two.within[0]["n"] or 0) <= half_width_of_laplace(3 / 0.15)
    assert (two.cost.epsilon or 0) <= 300_000
    counts = [f"select count(*) as n from people where age > {i}" for i in range(150)]
    many = asked.workload(counts, total=0.3, delta=1e-7)
    assert many.price.rho and "The noise is Gaussian" in str(many)
    assert 0.2997 * MILLIONTH <= (many.cost.epsilon or 0) <= 0.3 * MILLIONTH


@pytest.mark.parametrize("n", [1, 4, pytest.param(40, marks=pytest.mark.slow)])
def test_the_noise_of_a_total_is_no_wider_than_either_noise_with_a_price_by_hand(
    asked: Session, n: int
) -> None:
    """By bisection over the price of each question, with the cost of all together as the only judge."""
    texts = [f"select count(*) as n from people where age > {i}" for i in range(n)]
    made = asked.workload(texts, total=0.2, delta=1e-7)
    widths = []
    for name, high in (("epsilon", 0.2), ("rho", 0.2)):
        low = 0.0
        for _ in range(14):
            middle = (low + high) / 2
            found = asked.workload(texts, delta=1e-7, **{name: f"{middle:.12f}"})  # pyright: ignore[reportArgumentType]
            fits = (found.cost.epsilon or 0) <= 200_000
            low, high = (middle, high) if fits else (low, middle)
            if fits:
                widths.append(found.within[0]["n"] or 0)
    # 14 halvings of a rho that may be 1e-4 of where they begin: 1 % of a width at most is theirs.
    assert (made.within[0]["n"] or 0) <= min(widths) * 1.01 + 1
    assert (made.cost.epsilon or 0) <= 200_000


def test_the_price_says_in_one_unit_what_is_saved_and_whether_the_budget_pays(asked: Session) -> None:
    gaussian = asked.workload(MANY, keys=KEYS, rho="0.00002", delta=1e-7)
    # rho 0.0003 is (0.11.., 1e-7)-differentially private by Bun, Steinke 2016: rho + 2 sqrt(rho ln(1/delta)).
    coarse = 0.0003 + 2 * math.sqrt(0.0003 * math.log(1e7))
    said = str(gaussian)
    apart = float(said.split("together, epsilon ")[1].split()[0])
    assert (gaussian.cost.epsilon or 0) / MILLIONTH <= apart <= coarse
    assert "the budget pays for them: epsilon 1 or rho" in said and gaussian.affordable
    dear = asked.workload(MANY, keys=KEYS, epsilon=0.5, delta=1e-7)
    assert "together, epsilon 7.5 one by one" in str(dear)
    assert "the budget does not pay for them" in str(dear) and not dear.affordable
    alone = asked.workload(MANY[1:2], epsilon=0.1, delta=1e-7)
    assert "1 question costs epsilon 0.1" in str(alone)


def test_where_rhos_are_summed_a_total_buys_gaussian_noise(tmp_path: Path) -> None:
    """Laplace noise of epsilon 0.3 would cost a rho of 0.045, which is more than the whole budget's."""
    with session(people(tmp_path / "people.parquet"), composition="zcdp") as opened:
        made = opened.workload(MANY[1:2], total=0.3, delta=1e-7)
        assert made.price.rho and made.affordable and "adds up rhos" in str(made)


def test_a_question_that_is_asked_twice_is_not_paid_twice(asked: Session) -> None:
    again = MANY[1].replace("select count", "select  COUNT")
    with pytest.raises(QueryError, match="question 3 asks for the same numbers as question 2"):
        asked.workload([*MANY[:2], again], keys=KEYS, total=0.1, delta=1e-7)


@pytest.mark.parametrize(("composition", "summed"), [("zcdp", True), ("basic", False)])
def test_where_rhos_are_summed_the_sum_of_rhos_is_paid(
    tmp_path: Path, composition: Any, summed: bool
) -> None:
    with session(people(tmp_path / "people.parquet"), composition=composition) as opened:
        made = opened.workload(MANY, keys=KEYS, epsilon=0.04, delta=1e-7)
        assert (made.cost == made.apart) == summed
        assert (made.cost.epsilon or 0) <= 600_000
        made.answer()
        assert opened.spent == made.cost


@pytest.mark.parametrize(
    ("texts", "how", "said"),
    [
        ([], {"epsilon": 0.1}, "0 questions"),
        (MANY, {"epsilon": 0.1}, "without keys"),
        (MANY, {"keys": KEYS}, "no price"),
        (MANY, {"epsilon": 0.1, "total": 1, "keys": KEYS}, "leave out epsilon"),
        (MANY, {"total": "0.000001", "keys": KEYS}, "does not pay for 15 questions"),
        (MANY, {"epsilon": 0.1, "delta": 0, "keys": KEYS}, "delta is 0"),
        (["select max(age) from people"], {"epsilon": 0.1}, "max"),
    ],
)
def test_what_cannot_be_declared_is_refused(asked: Session, texts: Any, how: Any, said: str) -> None:
    with pytest.raises((QueryError, BudgetError), match=said):
        asked.workload(texts, **({"delta": 1e-7} | how))
    assert asked.ledger.history() == []


def test_a_workload_that_the_budget_does_not_pay_for_is_not_answered(asked: Session) -> None:
    made = asked.workload(MANY, keys=KEYS, epsilon=0.5, delta=1e-7)
    with pytest.raises(BudgetError, match="left: ask for less"):
        made.answer()
    assert asked.ledger.history() == []
    asked.close()
    with pytest.raises(ConfideError, match="closed"):
        asked.workload(MANY, keys=KEYS, epsilon=0.1, delta=1e-7)


def test_the_command_asks_a_file_of_questions(tmp_path: Path) -> None:
    file = tmp_path / "workload.sql"
    file.write_text("-- two questions\n" + "\n\n".join(MANY[:2]) + "\n")
    given = [
        "query",
        str(people(tmp_path / "people.parquet")),
        "--unit",
        "user_id:3",
        "--workload",
        str(file),
    ]
    given += [
        "--budget",
        "1,1e-6",
        "--ledger",
        f"sqlite:///{tmp_path}/people.ledger",
        "--keys",
        "state=NY,TX",
    ]
    given += ["--total", "0.1", "--delta", "1e-7"]
    shown = CliRunner().invoke(main, [*given, "--cost"])
    assert shown.exit_code == 0 and "2 questions cost epsilon 0.1 together" in shown.output
    assert "the budget pays for them" in shown.output
    assert not (tmp_path / "people.ledger").exists()
    shown = CliRunner().invoke(main, [*given, "--out", str(tmp_path / "a.csv")])
    assert shown.exit_code == 0 and "together they cost epsilon" in shown.output
    assert (tmp_path / "a-1.csv").read_text().startswith("state,n,") and (tmp_path / "a-2.csv").exists()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "no question"),
        ({"sql": "x", "workload": "w"}, "several questions"),
        ({"sql": "x", "total": "1"}, "--total"),
        ({"workload": "w", "delta": "1e-7", "within": "3"}, "--within"),
        ({"workload": "w"}, "--delta 1e-7"),
    ],
)
def test_settings_that_contradict_a_workload_are_refused(how: Any, said: str) -> None:
    from confide.core.budget import Unit
    from confide.releases.session.settings import QuerySettings

    with pytest.raises(DataError, match=said):
        QuerySettings("p.parquet", unit=Unit.record(), budget=Budget(1.0), ledger="sqlite:///l", **how)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    from confide.releases.session.questions_as_text import questions_in

    (tmp_path / "empty.sql").write_text("-- nothing\n\n")
    (tmp_path / "bytes.sql").write_bytes(b"\xff\xfe")
    for name, said in (("empty.sql", "no questions"), ("bytes.sql", "cannot be read"), ("gone", "cannot be")):
        with pytest.raises(DataError, match=said):
            questions_in(tmp_path / name)
