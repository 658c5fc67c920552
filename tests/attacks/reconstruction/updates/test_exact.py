"""Exact inversion: the analytic division and SPEAR against hand-made gradients and real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.attacks.reconstruction.updates import AnalyticInversion, Spear
from confide.attacks.reconstruction.updates._first_layer import shared_rays
from confide.core.nouns import Case, Guess
from confide.knowledge.updates import KnownInputs
from confide.learners.first_weights import dense_layers
from confide.measure.matching import Nearness
from confide.mechanisms.learn.batch_gradient import BatchGradient
from confide.views.records import Records
from confide.views.shared_gradient import Layer, SharedGradient

RNG = np.random.default_rng
FEATURES = 20


def batch(n: int, seed: int = 0) -> Records:
    """Numbers around 0, so that a record opens about half of the units."""
    x = RNG([seed, n]).standard_normal((n, FEATURES)) / 3
    return Records(x, RNG([seed, n, 1]).integers(0, 5, n))


def shared(records: Records, *, seed: int = 0, units: int = 200, **how: Any) -> SharedGradient:
    def network(rng: np.random.Generator) -> tuple[Layer, ...]:
        return dense_layers((FEATURES, units, 5), rng=rng)

    return BatchGradient(network=network, **how)(records, rng=RNG(seed)).view


def attacked(attack: Any, view: SharedGradient) -> Guess:
    known = KnownInputs(low=-2.0, high=2.0, shape=(FEATURES,))
    return attack(Case(view, known, np.arange(2)), rng=RNG(3))


def errors(guess: Guess, records: Records) -> np.ndarray:
    assert guess.value is not None
    return Nearness().of(guess.value[0][:, :-1], np.asarray(records.x))


def test_one_record_by_hand() -> None:
    """Two units with e = 2 and -1 and the record (3, 5): the gradients are e x, and e."""
    layers = (Layer(weight=np.zeros((2, 2)), bias=np.zeros(2)),)
    sent = ((np.array([[6.0, 10.0], [-3.0, -5.0]]), np.array([2.0, -1.0])),)
    known = KnownInputs(low=0.0, high=9.0, shape=(2,))
    view = SharedGradient(layers=layers, shared=sent, records=1)
    guess = AnalyticInversion()(Case(view, known, np.arange(3)), rng=RNG(0))
    assert guess.value is not None and guess.value.shape == (3, 1, 3)
    assert guess.value[0].tolist() == [[3.0, 5.0, 1.0]]  # class 1 has the negative derivative


@pytest.mark.parametrize("rate", [None, 0.1])
@pytest.mark.parametrize(("precision", "bar"), [("float32", 1e-6), ("float64", 1e-14)])
def test_batch_of_one_is_read_up_to_rounding(precision: Any, bar: float, rate: float | None) -> None:
    for seed in range(10):
        records = batch(1, seed)
        guess = attacked(AnalyticInversion(), shared(records, seed=seed, precision=precision, rate=rate))
        assert errors(guess, records)[0] <= bar
        assert guess.value is not None and guess.value[0, 0, -1] == records.y[0]


def test_of_a_batch_units_that_one_record_opens_alone_spell_it_out() -> None:
    """Units 0 and 1 belong to (1, 2), units 2 and 3 to (4, 3), unit 4 to both."""
    a, b = np.array([1.0, 2.0]), np.array([4.0, 3.0])
    slopes = np.array([[1.0, 0], [-2, 0], [0, 1], [0, 3], [1, 1]])
    layers = (
        Layer(weight=np.zeros((5, 2)), bias=np.zeros(5), activation="relu"),
        Layer(weight=np.zeros((2, 5)), bias=np.zeros(2)),
    )
    sent = ((slopes @ np.stack([a, b]), slopes.sum(axis=1)), (np.zeros((2, 5)), np.array([0.1, -0.1])))
    view = SharedGradient(layers=layers, shared=sent, records=2)
    known = KnownInputs(low=0.0, high=5.0, shape=(2,))
    guess = AnalyticInversion()(Case(view, known, np.arange(1)), rng=RNG(0))
    assert guess.value is not None
    assert sorted(guess.value[0][:, :-1].round(9).tolist()) == [[1.0, 2.0], [4.0, 3.0]]


def test_rays_are_grouped_by_direction_not_by_sign() -> None:
    rows = np.array([[1.0, 0], [-1, 0], [0, 1], [0.6, 0.8], [1, 0]])
    assert [g.tolist() for g in shared_rays(rows, tolerance=1e-9)] == [[0, 1, 4]]


@pytest.mark.parametrize("n", [1, 2, 4, 8])
def test_spear_solves_batches_and_labels_exactly(n: int) -> None:
    for seed in range(3):
        records = batch(n, seed)
        guess = attacked(Spear(), shared(records, seed=seed))
        assert errors(guess, records).max() <= 1e-9 and guess.score[0] > 9
        assert guess.value is not None
        assert np.array_equal(np.sort(guess.value[0][:, -1]), np.sort(records.y))


def test_spear_in_single_precision() -> None:
    found = np.concatenate(
        [
            errors(attacked(Spear(), shared(batch(4, s), seed=s, precision="float32")), batch(4, s))
            for s in range(8)
        ]
    )
    assert (found <= 1e-3).mean() >= 0.9


def test_spear_solves_deeper_networks() -> None:
    def network(rng: np.random.Generator) -> tuple[Layer, ...]:
        return dense_layers((FEATURES, 200, 15, 5), rng=rng)

    records = batch(3)
    guess = attacked(Spear(), BatchGradient(network=network)(records, rng=RNG(0)).view)
    assert errors(guess, records).max() <= 1e-9


def test_spear_is_sure_of_nothing_in_a_gradient_with_noise() -> None:
    """The twin of a protection: the misfit tells, and no all-clear is given."""
    view = shared(batch(4))
    size = np.abs(view.vector).max()
    noised = SharedGradient.of_vector(
        view.layers, view.vector + size * RNG(1).standard_normal(len(view.vector)), records=4
    )
    guess = attacked(Spear(most=1_000), noised)
    assert errors(guess, batch(4)).min() > 0.01
    assert guess.diagnostics is not None and not guess.diagnostics.conclusive


def test_spear_claims_lone_records_where_its_budget_ends() -> None:
    records = batch(4)
    guess = attacked(Spear(most=0), shared(records))
    assert guess.diagnostics is not None and not guess.diagnostics.conclusive
    assert "0 of 4 directions" in guess.diagnostics.texts[0]
    assert guess.value is not None and len(guess.value[0]) and guess.score[0] == 0


@pytest.mark.parametrize("attack", [AnalyticInversion(), Spear(most=100)], ids=lambda a: a.name)
@pytest.mark.parametrize("n", [1, 3])
def test_a_gradient_of_zeros_is_no_record_and_no_error(attack: Any, n: int) -> None:
    view = shared(batch(n))
    nothing = SharedGradient.of_vector(view.layers, np.zeros(len(view.vector)), records=n)
    guess = attacked(attack, nothing)
    assert np.isfinite(guess.score).all() and errors(guess, batch(n)).min() > 0.01
