"""Output perturbation keeps its promise: the noise, the sensitivity, the audit below, a broken twin above."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import kstest, norm
from tests.attacks.membership.white_box.informed.convex import crowd

from confide.core.access import WhiteBox
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Case, Guess, Release
from confide.core.play import play
from confide.games.membership.models import IndependentWorlds
from confide.knowledge.models import Background
from confide.measure import measure
from confide.mechanisms.learn.output_perturbation import OutputPerturbation
from confide.mechanisms.noise.gaussian import gaussian_delta, gaussian_sigma
from confide.mechanisms.noise.lattice import on_grid
from confide.models.linear import LinearModel, features_of
from confide.views.records import Records

ALPHA = 1e-9
BUDGET = Budget(1.0, 1e-5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def maker(**changes) -> OutputPerturbation:
    settings = {"budget": BUDGET, "classes": 2, "penalty": 0.5, "noise": "rehearsal"} | changes
    return OutputPerturbation(**settings)


def people_of(n: int, classes: int, seed: int) -> Records:
    records = crowd(n, 4, seed)
    return Records(3 * records.x, rng(seed).integers(classes, size=n))


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("sensitivity", [0.3, 5.0])
def test_the_least_noise_that_keeps_the_budget(epsilon, sensitivity):
    """Delta by its definition, as an integral on a grid: the mass by which P exceeds e^eps Q."""
    sigma = gaussian_sigma(Budget(epsilon, 1e-3), sensitivity=sensitivity)
    grid = np.linspace(-40 * sigma, 40 * sigma + sensitivity, 2_000_001)

    def delta(sigma: float) -> float:
        excess = norm.pdf(grid, sensitivity, sigma) - np.exp(epsilon) * norm.pdf(grid, 0, sigma)
        return float(np.maximum(excess, 0).sum() * (grid[1] - grid[0]))

    assert delta(sigma) == pytest.approx(1e-3, rel=1e-3)
    assert gaussian_delta(epsilon, sigma=sigma, sensitivity=sensitivity) <= 1e-3
    assert delta(0.99 * sigma) > 1e-3, "and a hundredth less would not"


def crowd_on_one_side(each: int, a: float) -> tuple[Records, Records]:
    """Whose weights an outlier moves as far as the proof allows, with radius 10 and penalty 100.

    The crowd agrees on the first feature, a little each, and so hardly bends the objective along it; the
    second cancels out. The outlier is far out on the first, with the other label. The model is sure of the
    wrong answer.
    """
    x = np.repeat([[a, 10.0], [a, -10.0], [-a, 10.0], [-a, -10.0]], each, axis=0)
    y = np.repeat([1, 1, 0, 0], each)
    return Records(x, y), Records(np.array([[20.0, 0.0]]), np.array([0]))


FAR = {"radius": 10.0, "penalty": 100.0}


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
def test_the_noise_is_normal_with_the_stated_deviation(noise):
    """40,000 weights; Kolmogorov-Smirnov at 1e-9, and a tenth more or less noise is told apart."""
    mechanism, nobody = maker(noise=noise), Records(np.zeros((0, 39_999)), np.empty(0, np.int64))
    assert (mechanism.trained(nobody) == 0).all()
    weights = mechanism(nobody, rng=rng()).view.weights()[0]
    sigma = mechanism.sigma(40_000)
    assert kstest(weights / sigma, "norm").pvalue > ALPHA
    for wrong in (0.9, 1.1):
        assert kstest(weights / (wrong * sigma), "norm").pvalue < ALPHA


def test_secure_noise_cannot_be_replayed_and_rehearsal_can():
    records = crowd(30, 4, 1)
    for noise, same in (("secure", False), ("rehearsal", True)):
        one, other = (maker(noise=noise)(records, rng=rng()).view.weights()[0] for _ in range(2))
        assert (one == other).all() == same


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("penalty", [0.05, 1.0, 20.0])
def test_no_neighbours_are_farther_apart_than_the_sensitivity(classes, penalty):
    mechanism = maker(classes=classes, penalty=penalty)
    for n in (0, 1, 2, 5, 20, 80):
        data, one = people_of(n, classes, n), people_of(1, classes, 50 + n)
        assert apart(mechanism, data, one) <= mechanism.sensitivity


@pytest.mark.parametrize("classes", [2, 3])
def test_the_sensitivity_is_reached(classes):
    mechanism = maker(classes=classes, **FAR)
    assert 0.95 < apart(mechanism, *crowd_on_one_side(2_000, 0.03)) / mechanism.sensitivity <= 1


def test_rounding_is_in_the_sensitivity():
    """Weights that are rounded away from each other, as far as can be: the noise covers that too."""
    mechanism, m = maker(**FAR), 10_000
    step, sigma = mechanism.step, mechanism.sigma_steps(m)
    assert np.frexp(step)[0] == 0.5 and mechanism.sigma(m) / 2**22 < step <= mechanism.sigma(m) / 2**20
    direction = np.ones(m) / np.sqrt(m)
    one = np.full(m, 0.49 * step)
    other = one + mechanism.sensitivity * direction + 0.02 * step
    rounded = np.linalg.norm(on_grid(one, step) - on_grid(other, step))
    assert rounded > mechanism.sensitivity / step, "rounding can move them apart"
    # Of the noise, 4^2 of its variance is what the proof of `discrete_gaussian` takes.
    proven = gaussian_delta(BUDGET.epsilon, sigma=np.sqrt(sigma**2 - 16), sensitivity=rounded)
    assert proven <= BUDGET.delta
    least = gaussian_sigma(BUDGET, sensitivity=mechanism.sensitivity / step + np.sqrt(m))
    assert sigma**2 - 16 >= least**2 and sigma <= least + 4


def apart(mechanism: OutputPerturbation, data: Records, one: Records) -> float:
    both = mechanism.trained(Records.concat([data, one])), mechanism.trained(data)
    return float(np.linalg.norm(both[0] - both[1]))


def test_training_ends_where_the_proof_says():
    """The gradient of the objective, from the view's own gradients, is at most 1e-4 of L."""
    for classes in (2, 3):
        mechanism, data = maker(classes=classes), people_of(200, classes, 3)
        view = LinearModel(mechanism.trained(data), radius=1.0)
        slope = view.gradient(data.x, data.y).sum(axis=0) + mechanism.penalty * view.weights()[0]
        assert np.linalg.norm(slope) <= 1.01e-4 * mechanism.steepest
        longest = view.gradient_norms(1e3 * data.x, data.y).max()
        assert longest <= mechanism.steepest


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The best test of two known normals: the adversary knows the rest and the mechanism, so both means."""

    name: ClassVar[str] = "projection"
    without: tuple[float, ...]
    within: tuple[float, ...]

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: np.random.Generator) -> Guess:
        without, within = np.array(self.without), np.array(self.within)
        score = (case.view.weights()[0] - (without + within) / 2) @ (within - without)
        return Guess(None, np.array([score]))


@dataclass(frozen=True)
class TenthOfTheNoise:
    """The broken twin: the same promise, and a tenth of the noise."""

    honest: OutputPerturbation

    @property
    def budget(self) -> Budget:
        return self.honest.budget

    def __call__(self, data: Records, *, rng) -> Release[WhiteBox]:
        mechanism = self.honest
        weights = mechanism.trained(data)
        noise = 0.1 * mechanism.sigma(weights.size) * rng.standard_normal(weights.shape)
        view = LinearModel(weights + noise, radius=mechanism.radius)
        return Release(view, mechanism.budget, "TenthOfTheNoise")


@pytest.mark.slow
def test_the_audit_stays_below_the_promise_and_catches_the_broken_twin():
    """One target on the edge, 600 worlds, the optimal test: a false alarm in one audit of a million."""
    base, target = crowd_on_one_side(100, 0.3)
    mechanism = maker(**FAR)
    means = (mechanism.trained(data) for data in (base, Records.concat([base, target])))
    projection = Projection(
        **dict(zip(("without", "within"), (tuple(m.ravel()) for m in means), strict=True))
    )

    def shown(published) -> float:
        game = IndependentWorlds(mechanism=published, records=target, base=base, classes=2)
        evidence = play(game, projection, worlds=600, rng=rng(1))
        bounds = measure(evidence, confidence=1 - 1e-6, delta=BUDGET.delta).epsilon
        return max(bound.low for bound in bounds if bound.certified)

    assert shown(mechanism) <= BUDGET.epsilon
    assert shown(TenthOfTheNoise(mechanism)) > BUDGET.epsilon


def test_it_still_learns_where_the_budget_lets_it():
    records = crowd(2_000, 4, 5)
    release = maker(budget=Budget(4.0, 1e-5), penalty=5.0, radius=2.0)(records, rng=rng())
    clean = LinearModel(maker(penalty=5.0, radius=2.0).trained(records), radius=2.0)
    accuracy = [(view.labels(records.x) == records.y).mean() for view in (release.view, clean)]
    assert isinstance(release.view, WhiteBox) and release.budget == Budget(4.0, 1e-5)
    assert accuracy[0] > accuracy[1] - 0.1 > 0.5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0)}, "epsilon and delta above 0"),
        ({"budget": Budget(1.0, 1e-5, Unit.client())}, "hides any one record"),
        ({"penalty": 0.0}, "penalty is 0.0"),
        ({"radius": np.inf}, "radius is inf"),
        ({"classes": 1}, "classes is 1"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses_to_be_built(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_data_that_break_the_conditions_are_refused():
    records = crowd(10, 4, 1)
    with pytest.raises(DataError, match=r"0\.\.1"):
        maker()(Records(records.x, records.y + 1), rng=rng())
    with pytest.raises(DataError, match="finite"):
        maker()(Records(np.full_like(records.x, np.nan), records.y), rng=rng())
    with pytest.raises(DataError, match="encode"):
        maker()(Records(np.full((10, 1), "a"), records.y), rng=rng())
    assert (np.linalg.norm(features_of(1e6 * records.x, 2.0), axis=1) <= np.sqrt(5) + 1e-12).all()
    assert dataclasses.replace(maker(), radius=3.0).steepest == pytest.approx(np.sqrt(10))
