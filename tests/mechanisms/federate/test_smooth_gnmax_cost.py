"""The smooth bound on the loss of votes: by brute force over all votes of few teachers; broken twins."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from tests.mechanisms.federate.vote_laws import neighbours, query_law, renyi

from confide.mechanisms.federate import smooth_gnmax_cost
from confide.mechanisms.federate.gnmax_cost import renyi_of_query
from confide.mechanisms.federate.smooth_gnmax_cost import cost_within, log_smooth_cost

TEACHERS = 18
GIVEN = {"threshold": 12, "check": 4, "answer": 3}
"""Noise far narrower than of any promise, so that few teachers agree clearly."""
ORDER = 4


def every(teachers: int = TEACHERS) -> np.ndarray:
    """All counts of three classes, int64[n, 3]."""
    return np.array([(a, b, teachers - a - b) for a in range(teachers + 1) for b in range(teachers + 1 - a)])


def smooth(counts: np.ndarray, beta: float, **changes) -> float:
    return log_smooth_cost(np.atleast_2d(counts), **(GIVEN | changes), order=ORDER, beta=beta)


def plain(counts: np.ndarray) -> np.ndarray:
    return renyi_of_query(counts, **GIVEN, orders=np.array([ORDER]))[:, 0]


def moved_votes(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a - b).sum()) // 2


@pytest.mark.parametrize("beta", [0.05, 0.3])
def test_the_bound_is_above_the_loss_of_all_other_votes_less_beta_for_each_moved_vote(beta: float):
    """190 counts against 190: so the local sensitivity at every distance is covered."""
    counts = every()
    logs = np.log(plain(counts))
    for here in counts:
        far = np.abs(counts - here).sum(axis=1) // 2
        assert smooth(here, beta) >= (logs - beta * far).max() - 1e-9


@pytest.mark.parametrize("beta", [0.05, 0.3])
def test_no_moved_vote_changes_the_bound_by_more_than_beta(beta: float):
    found = {tuple(n): smooth(n, beta) for n in every()}
    changes = [abs(found[tuple(n)] - found[tuple(m)]) for n in every() for m in neighbours(n)]
    assert 0.9 * beta < max(changes) <= beta + 1e-9


def test_a_teacher_moves_one_vote_of_every_query():
    """Five queries, one vote moved in each, 200 times: still by beta at most."""
    r, counts, beta = np.random.default_rng(0), every(), 0.2
    for _ in range(200):
        votes = counts[r.integers(len(counts), size=5)]
        choices = [list(neighbours(n)) for n in votes]
        others = np.stack([one[r.integers(len(one))] for one in choices])
        assert abs(smooth(votes, beta) - smooth(others, beta)) <= beta + 1e-9


def test_the_bound_is_above_the_exact_divergence_from_every_neighbour():
    """By enumeration of the laws; noise of the promise, for which theorem 6 is used at such counts."""
    given = {"threshold": 70, "check": 20, "answer": 16}
    for counts in ((90, 8, 2), (60, 40, 0), (34, 33, 33), (150, 0, 0)):
        votes = np.array(counts)
        bound = math.exp(log_smooth_cost(votes[None], **given, order=8, beta=2.0))
        here = query_law(votes, **given)
        for there in (query_law(m, **given) for m in neighbours(votes)):
            assert max(renyi(here, there, 8), renyi(there, here, 8)) <= bound * (1 + 1e-6)


@pytest.mark.parametrize("distance", [0, 1, 4])
def test_the_cost_within_a_distance_is_above_all_costs_there_and_that_of_a_neighbour_one_nearer(distance):
    """Every count; the two properties on which the proof rests."""
    counts = every()
    costs, logs = plain(counts), {}
    for d in (distance, distance + 1):
        logs[d] = cost_within(counts, d, **GIVEN, order=ORDER)
    where = {tuple(n): i for i, n in enumerate(counts)}
    for i, here in enumerate(counts):
        near = np.abs(counts - here).sum(axis=1) <= 2 * distance
        assert logs[distance][i] >= costs[near].max() * (1 - 1e-9)
        for other in neighbours(here):
            assert logs[distance][where[tuple(other)]] <= logs[distance + 1][i] * (1 + 1e-9)


def test_equal_votes_that_always_pass_cost_what_noise_alone_promises():
    """A tie with no check to speak of: order / sigma^2 for each query, whatever beta; in closed form."""
    votes = np.array([[9, 9, 0]] * 7)
    for beta in (0.01, 1.0):
        found = smooth(votes, beta, threshold=-10_000)
        assert math.exp(found) == pytest.approx(7 * ORDER / 3**2, rel=1e-6)


def test_where_teachers_agree_the_bound_falls_by_beta_for_each_vote_until_the_loss_itself():
    """Below the costliest counts the maximum is attained there, and decays as e^(-beta d) exactly."""
    beta, teachers = 0.05, 60
    votes = [np.array([v, teachers - v, 0]) for v in range(36, 46)]
    found = [smooth(n, beta, threshold=-10_000) for n in votes]
    assert np.diff(found) == pytest.approx([-beta] * 9, abs=1e-9)
    own = math.log(
        renyi_of_query(votes[-1][None], **(GIVEN | {"threshold": -10_000}), orders=np.array([ORDER]))[0, 0]
    )
    assert smooth(votes[-1], 5.0, threshold=-10_000) == pytest.approx(own, abs=0.05) and own < found[-1] - 1


def test_twins_are_caught_the_loss_itself_and_a_gap_that_narrows_too_little(monkeypatch):
    """The loss without smoothing moves by far more than beta; so does one that forgets half of the gap."""
    counts = every()
    logs = {tuple(n): value for n, value in zip(counts, np.log(plain(counts)), strict=True)}
    assert max(abs(logs[tuple(n)] - logs[tuple(m)]) for n in counts for m in neighbours(n)) > 0.5
    monkeypatch.setattr(smooth_gnmax_cost, "MOVED", 1)
    line = [np.array([v, TEACHERS - v, 0]) for v in range(9, TEACHERS + 1)]
    found = [smooth(n, 0.3) for n in line]
    assert max(abs(a - b) for a, b in pairwise(found)) > 0.3 * 1.1
