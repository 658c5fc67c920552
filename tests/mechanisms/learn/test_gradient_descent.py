"""Noisy descent keeps its promise: noise, account, audit below it, a broken twin above it; and it learns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import kstest

from confide.core.access import WhiteBox
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Case, Guess, Release
from confide.core.play import play
from confide.games.membership.models import IndependentWorlds
from confide.knowledge.models import Background
from confide.measure import measure
from confide.mechanisms.learn.gradient_descent import MOMENTUM, GradientDescent
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.mechanisms.noise.words import rehearsal_words
from confide.views.records import Records

ALPHA = 1e-9
BUDGET = Budget(1.0, 1e-5)
PEOPLE = Budget(1.0, 1e-5, Unit.person("person", at_most=ANY_NUMBER))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def maker(**changes) -> GradientDescent:
    return GradientDescent(**({"budget": BUDGET, "classes": 2, "noise": "rehearsal"} | changes))


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize(("steps", "weights"), [(1, 10), (200, 164), (1_000, 7_850)])
def test_all_steps_and_the_count_together_keep_the_budget_and_waste_little(epsilon, steps, weights):
    """The squares of mu add up: of each step with its rounding and the samplers' 16, and of the count."""
    made = maker(budget=Budget(epsilon, 1e-5), steps=steps)
    normal = math.sqrt(made.sigma_steps(weights) ** 2 - 16) * made.step
    moved = made.longest + made.step * math.sqrt(weights)
    count = 0.01 * made.mu**2
    mu = math.sqrt(steps * (moved / normal) ** 2 + count)
    assert gaussian_delta(epsilon, sigma=1 / mu, sensitivity=1.0) <= 1e-5
    assert mu > 0.999 * made.mu


@pytest.mark.slow
def test_a_peer_accounts_the_steps_as_no_dearer():
    """dp_accounting's privacy loss distribution of the same normal noises, whose roundings go up by 1e-3."""
    peer = pytest.importorskip("dp_accounting.pld.privacy_loss_distribution")
    made = maker(steps=200)
    step = peer.from_gaussian_mechanism(made.sigma(164) / made.longest, value_discretization_interval=1e-3)
    count = peer.from_gaussian_mechanism(10 / made.mu, value_discretization_interval=1e-3)
    assert 0.995 <= step.self_compose(200).compose(count).get_epsilon_for_delta(1e-5) <= 1.005


def test_the_noise_is_normal_with_the_stated_deviation():
    """One step on nobody: 40,000 weights, Kolmogorov-Smirnov at 1e-9; a tenth more or less is told apart.

    The count comes first from the same source, so it is drawn again here.
    """
    made = maker(steps=1, rate=0.5, average=1.0)
    nobody = Records(np.zeros((0, 39_999)), np.empty(0, np.int64))
    weights = made(nobody, rng=rng(4)).view.weights()[0]
    n = made.counted(0, rehearsal_words(rng(4)))
    noise = -weights * made.size / 0.5 * n * made.longest
    sigma = made.sigma(40_000)
    assert kstest(noise / sigma, "norm").pvalue > ALPHA
    for wrong in (0.9, 1.1):
        assert kstest(noise / (wrong * sigma), "norm").pvalue < ALPHA


def test_the_count_is_normal_around_the_number_of_people():
    made, words = maker(), rehearsal_words(rng(1))
    counts = np.array([made.counted(5_000, words) for _ in range(800)])
    assert kstest((counts - 5_000) * made.mu * 0.1, "norm").pvalue > ALPHA


def test_with_wide_noise_the_count_is_still_one_of_whole_people():
    """At epsilon 3e-6 the noise is so wide that its own grid would be coarser than one person."""
    made, words = maker(budget=Budget(3e-6, 1e-6)), rehearsal_words(rng(1))
    counts = np.array([made.counted(10**9, words) for _ in range(200)])
    assert (counts == np.round(counts)).all() and len(np.unique(counts % 8)) > 1


def test_steps_without_noise_to_speak_of_are_those_of_a_naive_descent():
    """At epsilon 1e6 the weights are those of a plain loop with momentum on the mean of short gradients."""
    x, y = rng(2).uniform(-0.4, 0.4, (600, 3)), rng(3).integers(2, size=600)
    made = maker(budget=Budget(1e6, 0.5), steps=20, rate=0.7, clip=0.3, penalty=0.02, average=0.25)
    found = made(Records(x, y), rng=rng()).view.weights()[0]
    z, w, v, kept = np.hstack([x, np.ones((600, 1))]), np.zeros(4), np.zeros(4), []
    for _ in range(20):
        gradient = (1 / (1 + np.exp(-z @ w)) - y)[:, None] * z
        length = np.linalg.norm(gradient, axis=1, keepdims=True)
        mean = (gradient * np.minimum(1, made.longest / length)).mean(axis=0)
        v = MOMENTUM * v + mean / made.longest + 0.02 * w * made.size / 0.3
        w = w - 0.7 * v / made.size
        kept.append(w)
    assert found == pytest.approx(np.mean(kept[-5:], axis=0), abs=2e-3)


def test_secure_noise_cannot_be_replayed_and_rehearsal_can():
    records = Records(rng(1).uniform(-0.5, 0.5, (50, 2)), rng(2).integers(2, size=50))
    for noise, same in (("secure", False), ("rehearsal", True)):
        one, other = (maker(noise=noise, steps=3)(records, rng=rng()) for _ in range(2))
        assert (one.view.weights()[0] == other.view.weights()[0]).all() == same
        assert isinstance(one, Release) == (noise == "secure")


@dataclass(frozen=True, slots=True)
class Projection:
    """The best test of one noisy sum: the adversary knows the rest, and so how the target moves the mean."""

    name: ClassVar[str] = "projection"
    along: tuple[float, ...]

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: np.random.Generator) -> Guess:
        return Guess(None, np.array([case.view.weights()[0] @ np.array(self.along)]))


@dataclass(frozen=True)
class TooLittleNoise:
    """The broken twin: the promise of one budget, and the noise of a twentieth of its mu."""

    honest: GradientDescent
    noisy: GradientDescent

    @property
    def budget(self) -> Budget:
        return self.honest.budget

    def __call__(self, data: Records, *, rng) -> Release[WhiteBox]:
        return Release(self.noisy(data, rng=rng).view, self.honest.budget, "TooLittleNoise")


@pytest.mark.slow
def test_the_audit_stays_below_the_promise_and_catches_the_broken_twin():
    """One target on the edge, 600 worlds, the optimal test: a false alarm in one audit of a million."""
    x = np.repeat([[0.6, 0.3], [-0.6, 0.3]], 50, axis=0)
    base, target = Records(x, np.tile([0, 1], 50)), Records(np.array([[0.0, -1.0]]), np.array([1]))
    # The sum moves by (p - 1) (0, -1, 1), so the weights move along (0, -1, 1).
    projection = Projection(along=(0.0, -1.0, 1.0))
    honest = maker(steps=1, rate=1.0, average=1.0)
    twin = TooLittleNoise(honest, maker(budget=Budget(30.0, 1e-5), steps=1, rate=1.0, average=1.0))

    def proved(published) -> float:
        game = IndependentWorlds(mechanism=published, records=target, base=base, classes=2)
        evidence = play(game, projection, worlds=600, rng=rng(1))
        bounds = measure(evidence, confidence=1 - 1e-6, delta=BUDGET.delta).epsilon
        return max(bound.low for bound in bounds if bound.certified)

    assert proved(honest) <= BUDGET.epsilon
    assert proved(twin) > BUDGET.epsilon


@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns_what_records_and_people_show(classes: int):
    x = rng(5).uniform(-0.6, 0.6, (4_000, 2))
    y = (x[:, 0] > 0).astype(np.int64) if classes == 2 else np.digitize(x[:, 0], [-0.2, 0.2]).astype(np.int64)
    records, owner = Records(x, y), np.repeat(np.arange(2_000), 2)
    one = maker(classes=classes)(records, rng=rng()).view
    many = maker(classes=classes, budget=PEOPLE)(records, rng=rng(), person=owner).view
    assert (one.labels(x) == y).mean() > 0.9 - 0.15 * (classes > 2)
    assert (many.labels(x) == y).mean() > 0.85 - 0.15 * (classes > 2)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0)}, "epsilon and delta above 0"),
        ({"budget": Budget(1.0, 1e-5, Unit.client())}, "hides a record or a person"),
        ({"radius": np.inf}, "radius is inf"),
        ({"clip": 0.0}, "clip is 0.0"),
        ({"rate": np.nan}, "rate is nan"),
        ({"average": 0.0}, "average is 0.0"),
        ({"penalty": -1.0}, "penalty is -1.0"),
        ({"classes": 1}, "classes is 1"),
        ({"steps": 0}, "steps 0"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses_to_be_built(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_units_and_data_that_do_not_fit_are_refused():
    records = Records(np.zeros((4, 2)), np.array([0, 1, 0, 1]))
    with pytest.raises(PromiseError, match="whose each record is"):
        maker(budget=PEOPLE)(records, rng=rng())
    with pytest.raises(PromiseError, match="hides one record"):
        maker()(records, rng=rng(), person=np.arange(4))
    with pytest.raises(DataError, match="one name for each"):
        maker(budget=PEOPLE)(records, rng=rng(), person=np.arange(3))
    with pytest.raises(DataError, match=r"0\.\.1"):
        maker()(Records(records.x, records.y + 1), rng=rng())
    with pytest.raises(DataError, match="finite"):
        maker()(Records(np.full((4, 2), np.nan), records.y), rng=rng())
