"""The exhibits on what a synthetic file is good for: what they say of a right file and of a broken one."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.utility.synthetic.populations import family, sampled

from confide.audits.synthetic.exhibits import RULINGS, gate_warning, utility_exhibits
from confide.core.estimate import Estimate
from confide.report import Plot, Redaction, Table
from confide.report.exhibit_records import exhibit_record
from confide.utility.synthetic import SyntheticUtility, synthetic_utility


def measured(*, sort: bool, held: bool = True) -> SyntheticUtility:
    rng = np.random.default_rng(3)
    real = family(1_500, rng=rng)
    made, other = sampled(real, rng=rng, sort=sort), family(1_000, rng=rng)
    return synthetic_utility(real, made, other if held else None, rng=rng, target="c1")


@pytest.fixture(scope="module")
def broken() -> SyntheticUtility:
    return measured(sort=True)


@pytest.fixture(scope="module")
def right() -> SyntheticUtility:
    return measured(sort=False, held=False)


def test_a_broken_file_is_warned_of_with_both_numbers_and_a_right_one_is_not(
    broken: SyntheticUtility, right: SyntheticUtility
) -> None:
    assert gate_warning(right.gate) == () == gate_warning(None)
    (warning,) = gate_warning(broken.gate)
    assert broken.gate is not None
    assert [part for part in warning if isinstance(part, Estimate)] == [
        broken.gate.synthetic,
        broken.gate.shuffled,
        broken.gate.difference,
    ]
    assert RULINGS[broken.gate.standing] == "exceeded"


def test_the_pairs_that_are_made_up_are_named(broken: SyntheticUtility, right: SyntheticUtility) -> None:
    titles = [each.title for each in utility_exhibits(broken)]
    assert "Pairs of columns that are worse than shuffled" in titles
    assert "Pairs of columns that are worse than shuffled" not in [e.title for e in utility_exhibits(right)]
    (pairs,) = [
        e for e in utility_exhibits(broken) if e.title == "Pairs of columns that are worse than shuffled"
    ]
    assert isinstance(pairs, Table)
    assert len(pairs.rows) == 10
    assert all("c0" not in str(row[0]) for row in pairs.rows)


def test_the_plot_of_pairs_has_the_worst_first_and_no_interval_without_its_point(
    broken: SyntheticUtility,
) -> None:
    (plot,) = [e for e in utility_exhibits(broken) if isinstance(e, Plot)]
    made = plot.lines[0]
    assert list(made.y) == sorted(made.y, reverse=True)
    for line in plot.lines:
        assert all(low <= y <= high for low, y, high in zip(line.low, line.y, line.high, strict=True))
    assert [line.name for line in plot.lines] == ["synthetic file", "shuffled columns", "hold-out"]


def test_without_a_hold_out_the_floor_is_missing_and_said(right: SyntheticUtility) -> None:
    table = utility_exhibits(right)[0]
    assert isinstance(table, Table)
    assert all(row[2] is None for row in table.rows)
    assert "no sampling floor" in str(table.reading)


def test_a_target_that_could_not_be_asked_about_is_said(right: SyntheticUtility) -> None:
    missing = replace(right, learned=(), not_learned="it has one value")
    (table,) = [e for e in utility_exhibits(missing) if e.title == "Models"]
    assert isinstance(table, Table)
    assert table.rows == (("it has one value",),)


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_every_exhibit_becomes_a_record_that_json_can_hold(broken: SyntheticUtility, audience: str) -> None:
    redaction = Redaction(audience=audience)  # pyright: ignore[reportArgumentType]
    for exhibit in utility_exhibits(broken):
        json.dumps(exhibit_record(exhibit, redaction=redaction), allow_nan=False)
