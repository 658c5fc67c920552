"""Error bars hold the true distance at their rate, from public things alone, or say that there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm
from tests.mechanisms.synthesize.test_aim import TABLE, aim, people, rng, table_of

from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.mechanisms.synthesize.error import margin_error, margin_errors, released
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.measured import Synthesised
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.noise_norms import absolute_sum, distance_within, largest_sum
from confide.views.margins import counted
from confide.views.table import Table


def true_distance(release: Synthesised, table: Table, names: tuple[str, ...]) -> float:
    """Half the L1 distance in rows, as a share of the released number of rows."""
    at = tuple(table.at(name) for name in names)
    model = release.model
    assert model is not None
    return float(np.abs(released(release, at) - counted(table, at)).sum() / 2 / model.total)


def covered(runs: int, confidence: float, n: int, **settings: object) -> dict[tuple[str, int], list[bool]]:
    """Whether each interval holds the distance, by its basis and number of columns."""
    table, found = people(n), dict[tuple[str, int], list[bool]]()
    for seed in range(runs):
        release = aim(**settings)(table, rng=rng(seed))  # pyright: ignore[reportArgumentType]
        for error in margin_errors(release, confidence=confidence):
            held = error.low - 1e-12 <= true_distance(release, table, error.columns) <= error.high
            found.setdefault((error.basis, len(error.columns)), []).append(held)
    return found


def test_intervals_hold_the_distance() -> None:
    """Twelve runs at 80 %: margins of a run depend on each other, so the count of runs is what is tested."""
    for (basis, _), held in covered(12, 0.8, 2_000).items():
        assert np.mean(held) >= 0.8, basis


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"epsilon": 0.2}, {"workload": 3}, {"model": "margins"}])
def test_intervals_cover_at_their_rate_over_100_runs(settings: dict[str, object]) -> None:
    """At 90 % confidence, by basis, and so whether or not the margin was selected; at 99.9 % of luck."""
    found = covered(100, 0.9, 3_000, **settings)
    assert {"measured"} <= {basis for basis, _ in found}
    for (basis, k), held in found.items():
        assert sum(held) >= binom.ppf(0.001, len(held), 0.9), (basis, k, np.mean(held))


def test_measured_ones_are_bounded_better_and_more_budget_helps() -> None:
    small, large = (aim(e)(TABLE, rng=rng()) for e in (0.5, 8.0))
    assert margin_error(large, "a").high < margin_error(small, "a").high / 3
    bars = {error.columns: error for error in margin_errors(large)}
    assert bars["a",].basis == "measured" and bars["a",].high < 0.01
    assert {error.basis for key, error in bars.items() if len(key) == 2} <= {"measured", "passed over"}
    for error in bars.values():
        assert 0 <= error.low <= error.high <= 1
        assert error.noise + error.model == pytest.approx(error.high)


def test_no_bound_is_said_where_there_is_none() -> None:
    release = MST(budget=Budget(1, 1e-9), noise="rehearsal")(TABLE, rng=rng())
    bars = {error.columns: error for error in margin_errors(release)}
    nothing = [error for error in bars.values() if error.basis == "nothing"]
    assert len(nothing) >= 6 + 10, "pairs that are no edges, and all triples"
    assert all(error.high == 1 for error in nothing) and "no bound" in str(nothing[0])
    assert bars["a",].basis == "measured"
    alone = IndependentMargins(budget=Budget(1, 1e-9), noise="rehearsal")(TABLE, rng=rng())
    assert {error.basis for error in margin_errors(alone) if len(error.columns) > 1} == {"nothing"}


def test_a_release_of_another_table_is_told_by_the_bars() -> None:
    """A broken twin of the table: rows are swapped for others after the fit, and the interval moves along."""
    from dataclasses import replace

    release = aim(4.0)(TABLE, rng=rng())
    wrong = replace(release, view=table_of(np.zeros((3_000, 5), int), (3, 4, 2, 6, 5)))
    error = margin_error(wrong, "a, b")
    assert error.low > 0.5 and error.low <= true_distance(wrong, TABLE, ("a", "b")) <= error.high


def test_bad_questions() -> None:
    release = aim()(people(100), rng=rng())
    with pytest.raises(DataError, match="no column 'z'"):
        margin_error(release, "a,z")
    with pytest.raises(DataError, match="between 0 and 1"):
        margin_error(release, "a", confidence=95)


# The noise itself


@pytest.mark.parametrize("cells", [4, 60])
def test_sums_of_noise_stay_below_their_bounds(cells: int) -> None:
    """4,000 draws of normal noise; a bound of chance 5 % may fail in 5 % and, by luck, 1.5 % more."""
    noise = rng(3).normal(0, 3.0, (4_000, cells))
    bound = absolute_sum(cells, deviation=3.0, widest=3.0, chance=0.05)
    assert np.mean(np.abs(noise).sum(1) > bound) < 0.065
    for some in (1, 3, cells):
        top = np.sort(np.maximum(noise, 0), axis=1)[:, -some:].sum(1)
        assert np.mean(top > largest_sum(some, of=cells, deviation=3.0, widest=3.0, chance=0.05)) < 0.065


@pytest.mark.parametrize("far", [0.0, 1.0, 20.0])
def test_the_distance_is_within_what_is_said(far: float) -> None:
    """A distance that is known, seen under noise 4,000 times."""
    d = rng(1).normal(0, far, 40) if far else np.zeros(40)
    seen = np.abs(d + rng(2).normal(0, 3.0, (4_000, 40))).sum(1)
    bounds = [distance_within(float(s), cells=40, sigma=3.0, chance=0.05) for s in seen[:400]]
    assert np.mean(np.array(bounds) < np.abs(d).sum()) < 0.09
    assert distance_within(1e9, cells=40, sigma=3.0, chance=0.05) == pytest.approx(1e9, rel=1e-4)
    mean = 3 * math.sqrt(2 / math.pi) * math.exp(-0.5) + 3 * (1 - 2 * norm.cdf(-1))
    assert np.abs(3 + rng(4).normal(0, 3.0, 200_000)).mean() == pytest.approx(mean, rel=0.01)
