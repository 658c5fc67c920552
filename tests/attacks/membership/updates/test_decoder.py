"""The decoder on one step of gradient descent, where who is in follows from linear algebra."""

from __future__ import annotations

import dataclasses

import numpy as np
from tests.contracts.cases.membership_updates import Descent, linear, people

from confide.attacks.membership.updates import UpdateAlignment, UpdateDecoder
from confide.attacks.membership.updates._side_by_side import SideBySide
from confide.attacks.membership.updates._steps import steps_seen
from confide.core.nouns import Case
from confide.core.transcript import SERVER, Transcript
from confide.knowledge.updates import UpdatesBackground
from confide.views.records import Records

KNOWN = UpdatesBackground(classes=3, model=linear)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def collaboration(**clients: Records) -> Transcript:
    run = Descent(sums=True)(clients, rng=rng())
    inputs = {name: {"x": own.x, "y": own.y} for name, own in clients.items()}
    return dataclasses.replace(run, inputs=inputs)


def test_members_are_one_and_all_others_zero_if_gradients_are_independent() -> None:
    """60 gradients in 453 numbers: the change of one step is their sum over members, and nothing else is."""
    everybody, member = people(60, 1), np.arange(60) % 3 == 0
    seen = collaboration(a=everybody.take(member)).seen_by(SERVER)
    (step,) = steps_seen(seen, (), "x", (1,))
    solution = UpdateDecoder(ridge=1e-8).solved([step], KNOWN, everybody, None, rng=rng())
    assert np.allclose(solution.sizes(), member, atol=1e-3)
    assert solution.explained > 0.999


def test_several_rounds_are_one_system() -> None:
    """Against the ridge solution with the gradients of two rounds written out one behind the other."""
    everybody, member = people(40, 1), np.arange(40) % 3 == 0
    seen = collaboration(a=everybody.take(member)).seen_by(SERVER)
    steps = steps_seen(seen, (), "x", (1, 2))
    solution = UpdateDecoder(ridge=1e-3).solved(steps, KNOWN, everybody, None, rng=rng())
    factors = np.sqrt(solution.setting.weights)
    gradients = [linear(step.start).gradient(everybody.x, everybody.y) for step in steps]
    g = np.concatenate([f * one for f, one in zip(factors, gradients, strict=True)], axis=1)
    t = np.concatenate([-f * step.change for f, step in zip(factors, steps, strict=True)])
    ridge = 1e-3 * float((g**2).sum()) / len(g)
    expected = np.linalg.solve(g @ g.T + ridge * np.eye(len(g)), g @ t)
    assert np.allclose(solution.spectrum.coefficients(1e-3), expected, rtol=1e-6, atol=1e-9)
    # The records' part in each of the two changes is the same.
    assert np.allclose(solution.sizes(), member, atol=0.1)


def test_models_side_by_side_have_the_gradients_of_each() -> None:
    """Against the gradients written out, of all layers and of some."""
    everybody = people(12, 1)
    draw = np.random.default_rng(7)
    models = tuple(linear(draw.standard_normal(453)) for _ in range(2))
    both, x, y = SideBySide(models), everybody.x, everybody.y
    written = np.concatenate([model.gradient(x, y) for model in models], axis=1)
    assert np.allclose(both.gradient(x, y), written)
    assert np.allclose(both.gradient_gram(x, y), written @ written.T)
    assert np.allclose((both.gradient_norms(x, y) ** 2).sum(axis=1), (written**2).sum(axis=1))
    direction = tuple(draw.standard_normal(len(part)) for part in both.weights())
    along = both.gradient_along(x, y, direction)
    assert along.shape == (12, len(both.layers))
    assert np.allclose(along.sum(axis=1), written @ np.concatenate(direction))
    second = [name for name in both.layers if name.startswith("1/")]
    assert np.allclose(both.gradient(x, y, layers=second), models[1].gradient(x, y))
    assert np.allclose(both.gradient_gram(x, y, layers=second), models[1].gradient_gram(x, y))


def test_a_client_knows_its_own_part_of_the_sum() -> None:
    """Its own records are as many as those of the other client, and would be noise if it forgot them."""
    mine, others = people(60, 2), people(60, 1)
    member = np.arange(60) < 30
    run = collaboration(a=others.take(member), b=mine)
    view = run.seen_by("b")
    guess = UpdateDecoder(rounds=(1,), ridge=1e-6)(Case(view, KNOWN, others), rng=rng())
    assert guess.score.shape == (60,)
    assert guess.score[member].min() > guess.score[~member].max()
    forgetful = dataclasses.replace(view, inputs={})
    noisy = UpdateDecoder(rounds=(1,), ridge=1e-6)(Case(forgetful, KNOWN, others), rng=rng())
    assert noisy.score[member].min() < noisy.score[~member].max()


def test_alignment_is_the_cosine_of_gradient_and_change() -> None:
    """Against a loop over records."""
    everybody = people(20, 1)
    seen = collaboration(a=everybody.take(np.arange(10))).seen_by(SERVER)
    (step,) = steps_seen(seen, (), "x", (1,))
    expected = []
    for i in range(20):
        g = linear(step.start).gradient(everybody.x[i : i + 1], everybody.y[i : i + 1])[0]
        expected.append(-float(g @ step.change) / np.sqrt(float(g @ g)))
    score = UpdateAlignment(rounds=(1,))(Case(seen, KNOWN, everybody), rng=rng()).score
    assert np.allclose(score, np.array(expected) / np.std(expected))
