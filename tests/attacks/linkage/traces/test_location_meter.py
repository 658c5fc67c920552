"""The location-privacy meter against brute force, closed forms, and chains that are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from confide.attacks.linkage.traces.location_meter import LocationMeter, fits, named
from confide.attacks.reconstruction.traces._hidden_markov import (
    Chains,
    log_likelihood,
)
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.core.play import play
from confide.data.commuters import Commuters
from confide.games.linkage.traces import EarlierKnown
from confide.knowledge.traces import MobilityKnowledge
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces

R, T, SYMBOLS = 3, 5, 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def chains(people: int = 3, seed: int = 0) -> Chains:
    draw = rng(seed)
    emission = draw.dirichlet(np.ones(SYMBOLS), (people, R)).transpose(0, 2, 1)
    return Chains(draw.dirichlet(np.ones(R), people), draw.dirichlet(np.ones(R), (people, R)), emission)


def test_the_assignment_is_the_best_of_all():
    gain = rng(9).normal(2, 3, (4, 6))
    claim, score = named(gain)
    options = [range(-1, 6)] * 4
    best = max(
        sum(gain[u, j] for u, j in enumerate(pick) if j >= 0)
        for pick in itertools.product(*options)
        if len({j for j in pick if j >= 0}) == sum(j >= 0 for j in pick)
    )
    assigned = [gain[u, j] for u, j in enumerate(claim) if list(claim).count(j) == 1 and gain[u, j] > 0]
    assert sum(assigned) == pytest.approx(best)
    assert named(np.zeros((2, 0)))[0].tolist() == [-1, -1] and (claim >= 0).all() and np.isfinite(score).all()


def test_who_gets_no_forward_pass_gets_no_more_than_the_least_that_did():
    chain, seen = chains(), rng(1).integers(-1, SYMBOLS, (8, T))
    anybody = np.log(np.full(SYMBOLS, 1 / SYMBOLS))
    whole, _ = fits(chain, seen, anybody, candidates=8)
    few, _ = fits(chain, seen, anybody, candidates=3)
    count = np.stack([(seen == o).sum(axis=1) for o in range(SYMBOLS)], axis=1)
    assert whole == pytest.approx(log_likelihood(chain, seen[None])[0] - count @ anybody)
    same = few == whole
    assert (same.sum(axis=1) >= 3).all()
    assert all((few[u][~same[u]] <= few[u][same[u]].min()).all() for u in range(3))


def test_fifty_commuters_are_told_apart_and_less_under_noise():
    """The bar of Shokri et al.'s setting: 0.9 of 50 without obfuscation."""
    traces = Commuters(people=50)(rng=rng())

    def right(mechanism) -> float:
        game = EarlierKnown(traces=traces, mechanism=mechanism)
        table = play(game, LocationMeter(burn_in=30, keep=30), worlds=1, rng=rng(1), across_units=True).table
        return float(table.filter(table["exposed"])["hit"].mean())

    clear, noisy = right(Published()), right(PlanarLaplace(within_m=2_000, noise="rehearsal"))
    assert clear >= 0.9 and noisy < clear - 0.3


def test_no_earlier_visit_is_said():
    nobody = Traces.of(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), people=3, places=2)
    known = MobilityKnowledge(mechanism=Published(), earlier=nobody)
    with pytest.raises(KnowledgeError, match="not a single one"):
        LocationMeter()(Case(nobody, known, nobody), rng=rng())
