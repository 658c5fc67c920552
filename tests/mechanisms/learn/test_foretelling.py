"""The forecast of a regression against the mechanism itself, on made-up records of the same kind."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.budget import Budget
from confide.mechanisms.learn.foretelling import _made, foretold, kept_of
from confide.mechanisms.learn.gradient_descent import GradientDescent
from confide.mechanisms.learn.public_columns import PublicColumns
from confide.views.records import Records

COLUMNS = PublicColumns.of({"age": (0, 100), "job": ["cook", "nurse", "clerk"]})


def maker(epsilon: float, classes: int = 2) -> GradientDescent:
    return GradientDescent(
        budget=Budget(epsilon, 1e-6), classes=classes, radius=COLUMNS.radius, noise="rehearsal"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("epsilon", "classes"), [(0.04, 2), (0.4, 2), (0.2, 3)])
def test_the_forecast_is_what_the_mechanism_reaches(epsilon: float, classes: int) -> None:
    make, n, rng = maker(epsilon, classes), 500, np.random.default_rng(1)
    reached = list[float]()
    for _ in range(24):
        world = _made(make, COLUMNS, n, rng)
        codes = world.truth.argmax(1) if classes > 2 else world.truth[:, 0].astype(np.int64)
        view = make(Records(world.x[:, :-1], codes), rng=rng).view
        reached.append(float(np.mean(view.labels(world.others[:, :-1]) == world.y)))
    # Both are means over random rules, whose shares have a deviation of up to .2: five deviations.
    told = [foretold(make, COLUMNS, people=n, rng=np.random.default_rng(i)).right for i in range(8)]
    error = 5 * np.hypot(np.std(reached) / 24**0.5, np.std(told) / 8**0.5)
    assert error < 0.25 and abs(np.mean(told) - np.mean(reached)) < error


@pytest.mark.slow
def test_a_forecast_with_a_quarter_of_the_noise_would_not_be() -> None:
    make, rng = maker(0.02), np.random.default_rng(2)
    told = [foretold(make, COLUMNS, people=500, rng=rng).right for _ in range(8)]
    wrong = [foretold(make, COLUMNS, people=8_000, rng=rng).right for _ in range(8)]
    assert np.mean(wrong) - np.mean(told) > 0.15


def test_the_number_that_would_do_does() -> None:
    few = foretold(maker(0.02), COLUMNS, people=1_000, rng=np.random.default_rng(3))
    assert few.kept < 0.9 and few.enough > 1_000
    many = foretold(maker(0.02), COLUMNS, people=int(few.enough), rng=np.random.default_rng(4))
    assert many.kept > 0.8 and many.enough < 2.1 * few.enough
    assert foretold(maker(0.0001), COLUMNS, people=500, rng=np.random.default_rng(5)).kept < 0.05


def test_what_is_kept_is_a_share_of_what_can_be_learned() -> None:
    assert kept_of(0.5, 0.9, 0.5) == 0.0 and kept_of(0.4, 0.9, 0.5) == 0.0
    assert kept_of(0.9, 0.9, 0.5) == 1.0 and kept_of(0.8, 0.9, 0.5) == pytest.approx(0.75)
