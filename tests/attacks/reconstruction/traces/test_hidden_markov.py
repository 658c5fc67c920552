"""Hidden Markov chains: every pass against brute force over all paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from confide.attacks.reconstruction.traces._hidden_markov import (
    FLOOR,
    Chains,
    likeliest_paths,
    log_likelihood,
    posterior,
)

R, T, SYMBOLS = 3, 5, 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def chains(people: int = 3, seed: int = 0) -> Chains:
    draw = rng(seed)
    emission = draw.dirichlet(np.ones(SYMBOLS), (people, R)).transpose(0, 2, 1)
    return Chains(draw.dirichlet(np.ones(R), people), draw.dirichlet(np.ones(R), (people, R)), emission)


def every_path(chain: Chains, u: int, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All R^T paths and P(path, seen): term by term, from the definition."""
    paths = np.array(list(itertools.product(range(R), repeat=len(seen))))
    weight = chain.start[u, paths[:, 0]].copy()
    for t, symbol in enumerate(seen):
        if t:
            weight *= chain.transition[u, paths[:, t - 1], paths[:, t]]
        if symbol >= 0:
            weight *= chain.emission[u, symbol, paths[:, t]]
    return paths, weight


def test_the_passes_equal_brute_force():
    chain, seen = chains(), rng(1).integers(-1, SYMBOLS, (1, 4, T))
    total, flagged = log_likelihood(chain, seen)
    belief, best = posterior(chain, seen), likeliest_paths(chain, seen)
    for u, j in itertools.product(range(3), range(4)):
        paths, weight = every_path(chain, u, seen[0, j])
        assert abs(total[u, j] - math.log(weight.sum())) < 1e-10
        assert (best[:, u, j] == paths[weight.argmax()]).all()
        for t, r in itertools.product(range(T), range(R)):
            assert abs(belief[t, u, j, r] - weight[paths[:, t] == r].sum() / weight.sum()) < 1e-10
    assert not flagged.any()


def test_each_chain_with_sequences_of_its_own():
    chain, seen = chains(), rng(2).integers(-1, SYMBOLS, (3, 2, T))
    alone = [
        log_likelihood(Chains(chain.start[[u]], chain.transition[[u]], chain.emission[[u]]), seen[[u]])[0]
        for u in range(3)
    ]
    assert log_likelihood(chain, seen)[0] == pytest.approx(np.concatenate(alone), abs=1e-12)


def test_the_impossible_is_floored_and_flagged():
    chain = Chains(np.full((1, 2), 0.5), np.eye(2)[None], np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]))
    total, flagged = log_likelihood(chain, np.array([[[0, 0], [2, 0], [0, 1]]]))
    expected = [math.log(0.5), math.log(FLOOR) + math.log(0.5), math.log(0.5) + math.log(FLOOR)]
    assert total[0] == pytest.approx(expected) and flagged[0].tolist() == [False, True, True]
    assert np.isfinite(posterior(chain, np.array([[[2, 0, 1]]]))).all()
    assert likeliest_paths(chain, np.array([[[0, 2, 0]]]))[:, 0, 0].tolist() == [0, 0, 0]
