"""Cronus: a round by hand, what poisoned parties reach with which mean, and students."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from confide.core.arrays import Batch, Floats
from confide.core.errors import DataError
from confide.learners.estimator import SklearnLearner
from confide.mechanisms.federate.cronus import Cronus, Trainee
from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian, TrimmedMean
from confide.mechanisms.federate.means.krum import Krum
from confide.mechanisms.federate.means.mean import PlainMean
from confide.mechanisms.federate.students import (
    HardTargets,
    KernelRidge,
    SoftmaxRegression,
    gaussian_kernel,
    one_hot,
    probabilities,
    soft_loss,
)
from confide.views.records import Records

CENTRES = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def crowd(n: int, seed: int) -> Records:
    """Three classes of points around three centres."""
    r = rng(seed)
    y = r.integers(3, size=n)
    return Records(CENTRES[y] + 0.9 * r.standard_normal((n, 2)), y)


@dataclass(frozen=True)
class Poisoner:
    """Says that a record is surely of the class after the one that an honest model would name."""

    inner: Trainee

    def says(self, public: Batch) -> Floats:
        return np.eye(3)[(self.inner.says(public).argmax(axis=1) + 1) % 3]

    def taught(self, public: Batch, targets: Floats, *, rng: np.random.Generator) -> Poisoner:
        return Poisoner(self.inner.taught(public, targets, rng=rng))


def parties(n: int = 10) -> list[Trainee]:
    learner = SoftmaxRegression(penalty=0.3)
    made = [Trainee(learner=learner, records=crowd(4, 100 + i), classes=3) for i in range(n)]
    return [party.alone(rng=rng()) for party in made]


def right(party: Trainee, held: Records) -> float:
    assert party.model is not None
    return float((party.model.labels(held.x) == held.y).mean())


def test_a_round_by_hand():
    """Medians of two records' numbers, scaled to add up to 1; what has another shape is left out."""
    said = [
        np.array([[0.9, 0.1], [0.4, 0.6]]),
        np.array([[0.5, 0.5], [0.3, 0.7]]),
        np.array([[0.7, 0.3], [-9.0, -9.0]]),
        np.ones((3, 2)),
        np.array([[np.nan, 1.0], [0.0, 1.0]]),
    ]
    done = Cronus(mean=CoordinateMedian(), classes=2).combined(said, 2)
    assert done.left_out == (3, 4)
    assert done.targets == pytest.approx(np.array([[0.7, 0.3], [0.3 / 0.9, 0.6 / 0.9]]))


def test_a_record_of_which_nothing_is_left_is_of_every_class():
    done = Cronus(mean=PlainMean(), classes=2).combined([np.array([[-1.0, -2.0]])], 1)
    assert done.targets.tolist() == [[0.5, 0.5]]


def test_parties_learn_from_each_other_and_poisoned_ones_stop_it_with_the_plain_mean_alone():
    held, public = crowd(1_000, 1), crowd(150, 2).x
    alone = parties()
    start = np.mean([right(party, held) for party in alone])
    reached = {}
    for name, mean in {
        "plain": PlainMean(),
        "median": CoordinateMedian(),
        "trimmed": TrimmedMean(0.3),
    }.items():
        for bad in (0, 3):
            mixed = [Poisoner(p) if i < bad else p for i, p in enumerate(alone)]
            view = Cronus(mean=mean, classes=3, rounds=2)(mixed, public, rng=rng(3)).view
            honest = [right(p, held) for p in view.parties if isinstance(p, Trainee)]
            reached[name, bad] = np.mean(honest)
    assert all(reached[name, 0] > start + 0.05 for name in ("plain", "median", "trimmed"))
    assert all(reached[name, 3] > start + 0.04 for name in ("median", "trimmed"))
    assert reached["plain", 3] < reached["median", 3] - 0.02


def test_it_promises_nothing_and_publishes_each_round():
    release = Cronus(mean=Krum(poisoned=1), classes=3, rounds=2)(parties(5), crowd(20, 2).x, rng=rng())
    assert release.budget is None and Cronus(mean=PlainMean(), classes=3).budget is None
    assert [done.targets.shape for done in release.view.rounds] == [(20, 3)] * 2
    for done in release.view.rounds:
        assert done.targets.sum(axis=1) == pytest.approx(np.ones(20))


def test_a_party_without_a_model_says_so():
    with pytest.raises(DataError, match="no model yet"):
        Trainee(learner=SoftmaxRegression(), records=crowd(4, 0), classes=3).says(CENTRES)


def test_settings_out_of_range_are_refused():
    with pytest.raises(DataError, match="1 classes in 3 rounds"):
        Cronus(mean=PlainMean(), classes=1)
    with pytest.raises(DataError, match="in 0 rounds"):
        Cronus(mean=PlainMean(), classes=2, rounds=0)


def test_soft_targets_are_learned_as_the_same_labels_in_proportion():
    """Minimum of a weighted cross-entropy, gradient by differences; a third of label 1 is p = 1/3."""
    x, targets = rng(1).standard_normal((6, 3)), rng(2).dirichlet(np.ones(4), 6)
    flat = rng(3).standard_normal(12)
    slope = soft_loss(flat, x, targets, 0.7)[1]
    for i in range(12):
        step = 1e-6 * np.eye(12)[i]
        up, down = (soft_loss(flat + s, x, targets, 0.7)[0] for s in (step, -step))
        assert (up - down) / 2e-6 == pytest.approx(slope[i], abs=1e-6)
    third = SoftmaxRegression(penalty=1e-6).fit(np.zeros((9, 1)), np.full((9, 2), [2 / 3, 1 / 3]), rng=rng())
    assert probabilities(third, np.zeros((1, 1))) == pytest.approx(np.array([[2 / 3, 1 / 3]]), abs=1e-4)


def test_a_kernel_ridge_is_the_solution_of_its_normal_equations():
    data, width, ridge = crowd(30, 5), 1.3, 0.2
    targets = one_hot(data.y, 3)
    made = KernelRidge(width=width, ridge=ridge).fit(data.x, targets, rng=rng())
    kernel = gaussian_kernel(data.x, data.x, width)
    assert kernel[0, 1] == pytest.approx(np.exp(-np.sum((data.x[0] - data.x[1]) ** 2) / (2 * width**2)))
    middle = targets.mean(axis=0)
    # Fitted values f minimise |t - m - f|^2 + ridge f K^-1 f: the residual is ridge times the weights.
    residual = targets - made.outputs(data.x)
    assert kernel @ residual == pytest.approx(ridge * (made.outputs(data.x) - middle), abs=1e-8)
    assert probabilities(made, data.x).sum(axis=1) == pytest.approx(np.ones(30))
    assert (made.labels(data.x) == data.y).mean() > 0.8


def test_any_learner_trains_on_soft_targets_by_the_largest():
    from sklearn.linear_model import LogisticRegression

    data = crowd(60, 6)
    learner = HardTargets(SklearnLearner(estimator=LogisticRegression(), classes=3))
    soft = 0.4 + 0.2 * one_hot(data.y, 3)
    assert (learner.fit(data.x, soft, rng=rng()).labels(data.x) == data.y).mean() > 0.8


def test_labels_beyond_the_classes_are_refused():
    with pytest.raises(DataError, match=r"labels are 0\.\.3, and the exchange has the classes 0\.\.2"):
        one_hot(np.array([0, 3]), 3)
