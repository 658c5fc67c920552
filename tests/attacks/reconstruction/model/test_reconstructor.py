"""Reconstructor networks: principal components against a naive reference, and a network that is read."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn
from torch.optim import SGD

from confide.attacks.reconstruction.model import ReconstructorNetwork
from confide.attacks.reconstruction.model._reconstructor import components
from confide.core.play import play
from confide.data import digits
from confide.games.reconstruction.networks import NetworkRebuilding
from confide.knowledge.shadows import ShadowKnowledge
from confide.learners.torch.learner import TorchLearner
from confide.measure.rebuilding import distances

RNG = np.random.default_rng


def test_components_by_the_covariance() -> None:
    weights, others = (
        RNG(0).standard_normal((30, 5)) * [5, 3, 1, 0, 0] + 7,
        RNG(1).standard_normal((4, 5)) + 7,
    )
    given, asked = components(weights, others, most=9)
    assert given.shape == (30, 3)  # two weights never move
    values, vectors = np.linalg.eigh(np.cov(weights.T, bias=True))
    for k in range(3):
        way = vectors[:, ::-1][:, k]
        own = (weights - weights.mean(axis=0)) @ way / np.sqrt(values[::-1][k])
        sign = np.sign(own @ given[:, k])
        assert np.allclose(given[:, k], sign * own)
        theirs = sign * (others - weights.mean(axis=0)) @ way / np.sqrt(values[::-1][k])
        assert np.allclose(asked[:, k], np.clip(theirs, -10, 10))


def momentum(parameters):
    return SGD(parameters, lr=0.5, momentum=0.9)


@pytest.mark.slow
def test_the_last_digit_is_read_from_the_weights_of_a_network() -> None:
    """A network of one hidden layer: most digits come nearer than everything that was known before.

    Chance is the control rate. With 40 targets a half is 4 standard errors above one in five.
    """
    data = digits.load()
    data = data.take(RNG(0).permutation(len(data)))
    learner = TorchLearner(factory=network, epochs=30, batch_size=1_000, optimiser=momentum, together=64)
    known = ShadowKnowledge(data.take(np.arange(40)), data.take(np.arange(40, 440)), learner)
    game = NetworkRebuilding(known=known, records=data.take(np.arange(1_000, 1_080)))
    attack = ReconstructorNetwork(shadows=400, epochs=40)
    found = play(game, attack, worlds=1, rng=RNG(3))
    rates = dict(found.table.group_by("exposed").mean().select("exposed", "hit").iter_rows())
    assert rates[True] > 0.5 and rates[False] < 0.2
    world = game.deal(0, rng=RNG(4))
    guess = attack(world.case, rng=RNG(5))
    far = distances(guess.value[:, :-1], world.secrets.rows[:, :-1])[world.exposed]
    mean = distances(np.broadcast_to(data.x[:440].mean(axis=0), world.secrets.rows[:, :-1].shape),
                     world.secrets.rows[:, :-1])[world.exposed]  # fmt: skip
    assert np.median(far) < 0.7 * np.median(mean)


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 10))
