"""`confide advise`: every case has an answer, and every answer a command and a page that exist."""

from __future__ import annotations

import shlex
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from click.testing import CliRunner

from confide.cli import main
from confide.core.durations import in_bytes
from confide.core.errors import DataError
from confide.releases.advising import Situation, advise
from confide.releases.advising.rules import RULES
from confide.releases.advising.situation import Learns, Records, Want

DOCS = Path(__file__).parents[2] / "docs"
CASES = [
    Situation(want, records=records, model=model, learns=learns, knows=knows, colluding=colluding, parties=3)
    for want, records, model, learns, knows, colluding in product(
        get_args(Want),
        get_args(Records),
        ("same", "another"),
        get_args(Learns),
        ("anything", "named"),
        (1, 2),
    )
]


def test_every_case_has_a_mechanism_or_says_what_would_have_to_change() -> None:
    for case in CASES:
        advice = advise(case)
        assert advice.because, case
        if advice.mechanism:
            assert advice.cost and advice.open and advice.commands, case
        else:
            assert case.want == "answers" or case.colluding == 2, case


def test_every_rule_is_met_by_some_case() -> None:
    assert all(any(advise(case).because == rule.because for case in CASES) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.mechanism}: {rule.page}")
def test_the_command_and_the_page_of_a_rule_exist(rule: Any) -> None:
    assert (DOCS / rule.page).exists()
    for line in rule.commands:
        words = shlex.split(line.replace("KIND FILE", "table people.csv"))[1:]
        ran = CliRunner().invoke(main, [*words, "--help"])
        assert ran.exit_code == 0, (line, ran.output)
        options = {word for word in words if word.startswith("--")}
        assert all(option in ran.output for option in options), line


def test_no_promise_is_advised_without_noise_and_no_majority_is_trusted() -> None:
    for case in CASES:
        advice = advise(case)
        if advice.mechanism in ("sanitise", "audit") and case.want in ("table", "statistics", "model"):
            assert case.knows == "named", case
        if advice.mechanism == "join":
            assert 2 * case.colluding < case.all_parties, case
        if advice.mechanism == "outsource":
            assert case.model == "another", case


def test_the_forecast_is_that_of_the_planner() -> None:
    pytest.importorskip("tenseal")
    from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic
    from confide.mechanisms.encrypt.comparing import Limits, compare_layouts

    model = Arithmetic((Affine(np.ones((2, 10)), np.zeros(2)),))
    cost = compare_layouts(model, rows=100, bound=1.0, limits=Limits())[0].forecast
    assert cost is not None
    said = advise(Situation("scores", model="another", features=10, outputs=2, rows=100)).cost
    assert f"{in_bytes(cost.up)} up" in said and f"{in_bytes(cost.down)} down" in said


def test_a_limit_that_no_plan_keeps_is_said() -> None:
    pytest.importorskip("tenseal")
    said = advise(Situation("scores", model="another", features=500, rows=100_000, seconds=0.01))
    assert not said.mechanism and "do not keep the limit" in said.because


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(DataError, match="parties is 1"):
        Situation("sums", records="rows", parties=1)
    with pytest.raises(DataError, match="seconds is 0"):
        Situation("scores", seconds=0)


def test_the_command_says_it_in_lines_and_ends_with_1_where_nothing_fits() -> None:
    ran = CliRunner().invoke(main, ["advise", "--want", "sums", "--records", "rows", "--colluding", "1"])
    assert ran.exit_code == 0 and "Use: join" in ran.output and "Page: docs/join.md" in ran.output
    ran = CliRunner().invoke(main, ["advise", "--want", "sums", "--records", "rows", "--colluding", "2"])
    assert ran.exit_code == 1 and "it takes 5 parties" in ran.output
