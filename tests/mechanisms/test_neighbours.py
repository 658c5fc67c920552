"""What neighbouring data can release is the same set, and no low bit tells them apart (Mironov 2012).

Each mechanism that publishes numbers with noise is asked; so is its twin, as it was written with floating
point, which the same question catches. And no floating-point noise is left in the code.
"""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

import confide.mechanisms
from confide.core.budget import Budget
from confide.mechanisms.anonymize.noisy_ratings import NoisyRatings
from confide.mechanisms.learn.output_perturbation import OutputPerturbation
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.mechanisms.randomize.item_response import RandomisedResponse
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.views.counts import Grid, Visits
from confide.views.images import Pictures
from confide.views.interactions import Interactions
from confide.views.records import Records
from confide.views.traces import Traces

ALPHA = 1e-6
RUNS = 3_000
LOW_BITS = 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def learner(epsilon: float) -> OutputPerturbation:
    return OutputPerturbation(budget=Budget(epsilon, 1e-5), classes=2, penalty=1.0)


def neighbours() -> tuple[Records, Records]:
    """The target alone has the last feature: without it, this weight is 0 to the last bit."""
    x = np.column_stack([rng(1).normal(size=(40, 2)) / 3, np.zeros(40)])
    y = rng(2).integers(2, size=40)
    target = np.array([[0.0, 0.0, 0.9]])
    return Records(x, y), Records(np.vstack([x, target]), np.append(y, 1))


def impossible_with(released: np.ndarray, weight: float) -> np.ndarray:
    """Those that no floating-point sum of this weight and any noise can be.

    A sum a quarter of the weight or less is that of noise from 3/4 to 5/4 of it, and exact. So it is a
    multiple of half of the weight's last bit, as both its parts are.
    """
    grid = np.spacing(weight) / 2
    return (np.abs(released) <= weight / 4) & (released / grid != np.rint(released / grid))


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [1.0, 8.0])
def test_no_release_shows_that_the_target_was_absent_and_floating_addition_does(epsilon: float, monkeypatch):
    """Of 3,000 floating-point ones without it some 28 at epsilon 1 and 185 at 8 are impossible with it.

    Delta allows 0.03 of them. The broken twin adds floating-point noise of the same deviation.
    """
    mechanism, (without, within) = learner(epsilon), neighbours()
    assert mechanism.trained(without)[0, 2] == 0
    weight = float(mechanism.trained(within)[0, 2])
    assert 0.2 < weight < 2
    trained_once(monkeypatch, mechanism, without)
    released = np.array([mechanism(without, rng=rng()).view.weights()[0][2] for _ in range(RUNS)])
    sigma = gaussian_sigma(mechanism.budget, sensitivity=mechanism.sensitivity)
    floating = 0.0 + sigma * rng(3).standard_normal(RUNS)
    assert np.abs(released).min() < weight / 4, "some are where the question can be asked"
    assert not impossible_with(released, weight).any()
    assert impossible_with(floating, weight).sum() >= (8 if epsilon == 1 else 100)


def low_bits_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whole numbers of steps: are their last four bits as even with one neighbour as with the other?"""
    for steps in (one, other):
        assert (steps == np.rint(steps)).all(), "a number off the grid"
        last = np.bincount(steps.astype(np.int64) % 2**LOW_BITS, minlength=2**LOW_BITS)
        if chisquare(last).pvalue < ALPHA:
            return False
    return True


def trained_once(monkeypatch, mechanism: OutputPerturbation, data: Records) -> None:
    """Training is the same each time, and the noise is not."""
    weights = mechanism.trained(data)
    monkeypatch.setattr(OutputPerturbation, "trained", lambda self, data: weights)


@pytest.mark.slow
def test_weights_stand_on_a_grid_that_the_data_do_not_move():
    mechanism, steps = learner(1.0), []
    for data in neighbours():
        with pytest.MonkeyPatch.context() as patch:
            trained_once(patch, mechanism, data)
            views = [mechanism(data, rng=rng()).view for _ in range(2_000)]
        steps.append(np.concatenate([view.weights()[0] / mechanism.step for view in views]))
    assert low_bits_alike(*steps)


@pytest.mark.parametrize("name", ["gaussian", "laplace", "uniform"])
def test_ratings_and_dates_stand_on_a_grid_too(name):
    """Inside of the scale, where nothing is cut off; the twin adds floating-point noise to the rating."""
    law = Law(name, 0.25)
    mechanism, n = NoisyRatings(stars=law), 20_000
    steps = []
    for rating in (2.7, 3.3):
        stars = np.concatenate([[0.0, 8.0], np.full(n, rating)])
        data = Interactions.of(np.arange(n + 2), np.zeros(n + 2, np.int64), rating=stars)
        noisy = mechanism(data, rng=rng()).view.rating[2:].astype(np.float64)
        steps.append(noisy[(noisy >= 2) & (noisy < 4)] / law.step)  # there float32 is as fine as the grid
    assert low_bits_alike(*steps)
    floating = 3.3 + 0.25 * rng().standard_normal(n)
    assert (floating / law.step != np.rint(floating / law.step)).any()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_every_level_of_a_block_can_be_released_for_any_picture(value):
    """Every level has a chance of at least 1 in 1,800: 200,000 blocks miss one once in e^100 runs."""
    made = DPPix.of(epsilon=0.5, side=1, pixels=1)
    view = made(Pictures(np.full((100, 40, 50), value, np.uint8)), rng=None).view
    assert len(np.unique(view.pixels)) == 256


@pytest.mark.slow
def test_every_set_of_likes_every_place_and_every_count_can_be_released():
    """The smallest chance among these is above 1 in 400, so 20,000 draws miss none (once in 10^20 runs)."""
    n = 20_000
    places = Grid(cells=1, start=0, bin_s=10, times=1)
    where = np.array([[0.0, 0.0], [0.001, 0.0], [0.003, 0.0], [0.0, 0.004]])
    for there in (0, 1):
        likes = Interactions.of(np.arange(n)[: n * there], np.zeros(n * there, np.int64), people=n, items=3)
        view = RandomisedResponse(budget=Budget(1.0))(likes, rng=rng()).view
        code = np.bincount(view.person, 2.0**view.item, minlength=n).astype(int)
        assert set(code.tolist()) == set(range(8))
        visits = Traces.of(np.arange(n), np.zeros(n), np.full(n, there), places=4, where=where)
        assert set(PlanarLaplace()(visits, rng=rng()).view.place.tolist()) == {0, 1, 2, 3}
        one = Visits(traces=Traces.of(np.arange(there), np.zeros(there), np.zeros(there, int)), grid=places)
        counting = VisitCounts(epsilon=1.0, at_most=1)
        counts = [int(counting(one, rng=rng()).view.counts[0, 0]) for _ in range(2_000)]
        assert set(range(-3, 5)) <= set(counts)


FLOATING = {
    *("normal", "standard_normal", "laplace", "exponential", "standard_exponential", "geometric", "gamma"),
    *("standard_gamma", "logistic", "standard_cauchy", "rvs", "ndtri", "lambertw", "multivariate_normal"),
}
"""Names by which numpy and SciPy draw noise, or turn uniform numbers into it."""
NO_NOISE = {
    *("statistics/noisy_integers.py: ndtri", "statistics/bands.py: ndtri", "statistics/laws.py: laplace"),
    *(
        "learn/foretelling.py: normal",
        "synthesize/noisy_copy.py: normal",
        "federate/published_gnmax_cost.py: ndtri",
        "share/joint/binomial.py: ndtri",
    ),
    *("synthesize/plausible/privacy_test.py: gamma", "synthesize/plausible/theorem.py: gamma"),
}
"""Where such a name draws nothing: widths and margins are quantiles of the normal law, and `laplace` is an
argument, the scales of noise whose law is worked out. `gamma` is the width of a bucket. A forecast trains on
made-up records, of which nothing is released, and a noisy copy promises nothing."""


def test_no_mechanism_draws_floating_point_noise():
    found = []
    folder = Path(confide.mechanisms.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
            if name in FLOATING:
                found.append(f"{path.relative_to(folder)}: {name}")
    assert set(found) <= NO_NOISE, found
