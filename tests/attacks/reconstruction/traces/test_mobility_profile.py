"""Mobility profiles: few states for a whole matrix, and chains learned from visits with gaps."""

from __future__ import annotations

import numpy as np
import pytest

from confide.attacks.reconstruction.traces._hidden_markov import (
    Chains,
    log_likelihood,
    posterior,
)
from confide.attacks.reconstruction.traces._mobility_profile import Profiles, learned
from confide.attacks.reconstruction.traces.localisation import habits, located

SYMBOLS = 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def profile() -> Profiles:
    """Two people over four regions; the first has two regions of their own, the second one."""
    draw = rng(4)
    transition = draw.dirichlet(np.ones(3), (2, 3))
    start = draw.dirichlet(np.ones(3), 2)
    transition[1, :, 1], start[1, 1] = 0, 0
    transition /= transition.sum(axis=2, keepdims=True)
    start /= start.sum(axis=1, keepdims=True)
    outside = np.array([[0.3, 0.0, 0.7, 0.0], [0.0, 0.2, 0.3, 0.5]])
    return Profiles(np.array([[1, 3], [0, -1]]), start, transition, outside)


def test_a_few_states_stand_exactly_for_the_whole_matrix():
    """Likelihood, posterior and habits by K + 1 states equal those by the R x R matrix they stand for."""
    mine, shows = profile(), rng(5).dirichlet(np.ones(SYMBOLS), 4)
    start, matrix = mine.matrices()
    assert matrix.sum(axis=2) == pytest.approx(np.ones((2, 4))) and habits(mine) == pytest.approx(start)
    whole = Chains(start, matrix, np.repeat(shows.T[None], 2, axis=0))
    seen = rng(6).integers(-1, SYMBOLS, (2, 12))
    few = log_likelihood(mine.chains(shows), seen[:, None])[0]
    assert few == pytest.approx(log_likelihood(whole, seen[:, None])[0], abs=1e-10)
    belief = posterior(whole, seen[:, None])[:, :, 0].transpose(1, 0, 2)
    person, step = np.indices(seen.shape)
    found, path = located(mine, seen, shows).at(person.ravel(), step.ravel())
    assert found.reshape(belief.shape) == pytest.approx(belief, abs=1e-10)
    assert path.shape == (seen.size,) and path.min() >= 0 and path.max() < 4


def test_gibbs_knows_a_chain_with_gaps_better_than_plain_counts():
    """20 people, each 400 steps of one slow chain, 70 % hidden: a quarter of the error goes, and 19 of 20
    people are known better, which a fair coin would do twice in 10^5 runs."""
    true = np.array([[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.1, 0.0, 0.9]])
    draw, people, length = rng(7), 20, 400
    path = np.zeros((people, length), np.int64)
    for t in range(1, length):
        path[:, t] = (draw.random(people)[:, None] > np.cumsum(true, axis=1)[path[:, t - 1]]).sum(axis=1)
    seen = np.where(draw.random(path.shape) < 0.3, path, -1)
    found = learned(seen, regions=3, own=3, rng=rng(8))
    gibbs = found.matrices()[1]
    pairs = (seen[:, 1:] >= 0) & (seen[:, :-1] >= 0)
    counts = np.zeros((people, 3, 3))
    np.add.at(counts, (np.nonzero(pairs)[0], seen[:, :-1][pairs], seen[:, 1:][pairs]), 1)
    usual = np.stack([(seen == r).sum(axis=1) for r in range(3)], axis=1)
    plain = counts + (2.0 * usual / usual.sum(axis=1, keepdims=True))[:, None]
    plain /= plain.sum(axis=2, keepdims=True)
    error, naive = (np.abs(p - true).sum(axis=(1, 2)) for p in (gibbs, plain))
    assert (error < naive).sum() >= 19 and error.mean() < 0.75 * naive.mean()


def test_without_gaps_plain_counts():
    seen = np.array([[0, 0, 1, 0, -1, -1]])
    found = learned(seen, regions=2, prior=2.0, rng=rng())
    alpha = 2.0 * np.array([3.5, 1.5, 0.5]) / 5.5  # visits and half a one, the last state is elsewhere
    rows = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]]) + alpha
    assert found.transition[0] == pytest.approx(rows / rows.sum(axis=1, keepdims=True))
    assert found.start[0] == pytest.approx(alpha / 2.0)
