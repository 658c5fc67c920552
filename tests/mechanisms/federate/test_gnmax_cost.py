"""The loss of the votes that were cast is above the exact one, by enumeration of all laws; a broken twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import log_ndtr
from tests.mechanisms.federate.vote_laws import answer_law, delta_at, law, neighbours, query_law, renyi

from confide.mechanisms.federate.gnmax_cost import (
    epsilon_of_votes,
    log_outvoted,
    log_tail,
    renyi_of_answer,
    renyi_of_query,
)

ORDERS = np.array([2, 3, 5, 8, 16, 32, 64])


@pytest.mark.parametrize("sigma", [16, 30])
def test_noisy_counts_have_the_divergence_of_the_paper(sigma: int):
    """Proposition 8: a moved vote costs a / sigma^2 at order a, exactly for the noisy counts themselves."""
    logs = np.log(law(sigma)[1])
    for a in (2, 4, 9):
        one = np.logaddexp.reduce(a * logs[1:] - (a - 1) * logs[:-1]) / (a - 1)
        assert 2 * one == pytest.approx(a / sigma**2, rel=1e-3)


@pytest.mark.parametrize("counts", [(50, 30, 20), (34, 33, 33), (90, 8, 2), (100, 0, 0)])
def test_the_chance_of_another_answer_is_at_most_what_proposition_7_says(counts):
    """The exact chance by enumeration; the bound is a sum over two classes, so at most twice as large."""
    votes = np.array(counts)
    for sigma in (16, 25):
        exact = 1 - answer_law(votes, sigma)[0]
        bound = math.exp(log_outvoted(votes[None], sigma)[0])
        assert exact <= bound * (1 + 1e-9) and (bound <= 2.1 * exact or bound == 1)


def test_tails_of_discrete_noise_are_those_of_its_definition():
    k, mass = law(20)
    for least in (-30, 0, 1, 45, 120):
        assert math.exp(log_tail(np.array([least]), 20)[0]) == pytest.approx(mass[k >= least].sum(), rel=1e-9)
    assert log_tail(np.array([2_000]), 20)[0] == pytest.approx(-5000, rel=0.01)


@pytest.mark.parametrize("sigma", [16, 30])
@pytest.mark.parametrize(
    "counts", [(50, 30, 20), (34, 33, 33), (90, 8, 2), (100, 0, 0), (120, 80, 0), (150, 0, 0)]
)
def test_theorem_6_is_above_the_exact_divergence_from_every_neighbour(counts, sigma: int):
    votes = np.array(counts)
    here = answer_law(votes, sigma)
    bound = renyi_of_answer(log_outvoted(votes[None], sigma, moved=2), sigma, ORDERS)[0]
    for moved in neighbours(votes):
        there = answer_law(moved, sigma)
        for order, most in zip(ORDERS.tolist(), bound, strict=True):
            assert max(renyi(here, there, order), renyi(there, here, order)) <= most * (1 + 1e-6) + 1e-12
    assert (bound <= ORDERS / sigma**2 * (1 + 1e-12)).all()


def test_theorem_6_is_far_below_the_promise_where_teachers_agree_and_not_far_above_the_truth():
    """150 of 150 votes: a hundredth of the promise; at order 2 within a factor of 30 of the exact one."""
    votes, sigma = np.array([150, 0, 0]), 16
    here = answer_law(votes, sigma)
    exact = max(
        max(renyi(here, t, 2), renyi(t, here, 2)) for t in (answer_law(m, sigma) for m in neighbours(votes))
    )
    bound = renyi_of_answer(log_outvoted(votes[None], sigma, moved=2), sigma, np.array([2]))[0, 0]
    assert bound < 0.01 * 2 / sigma**2 and exact < bound < 30 * exact


def test_theorem_6_holds_for_any_chance_of_two_gaussians():
    """One number that is shifted by the root of 2, against a threshold, in closed form."""
    sigma = 20.0
    for gap in np.linspace(-1, 9, 41):  # in deviations of the difference
        p = np.array([log_ndtr(gap), log_ndtr(-gap)])
        q = np.array([log_ndtr(gap - math.sqrt(2) / sigma), log_ndtr(-gap + math.sqrt(2) / sigma)])
        bound = renyi_of_answer(p[1:], 20, ORDERS)[0]
        for order, most in zip(ORDERS.tolist(), bound, strict=True):
            exact = np.logaddexp.reduce(order * p - (order - 1) * q) / (order - 1)
            assert exact <= most * (1 + 1e-9) + 1e-15


def test_a_twin_that_counts_the_likely_answer_alone_is_below_the_truth():
    """Without B, the part of unlikely answers, the bound would be false: brute force finds it."""
    votes, sigma, order = np.array([60, 40, 0]), 16, 8
    log_q = log_outvoted(votes[None], sigma, moved=2)[0]
    u2 = sigma * math.sqrt(-log_q)
    stay, missed = math.log1p(-math.exp(log_q)), (u2 - 1) / u2 * (log_q + u2 / sigma**2)
    twin = (stay + (order - 1) * (stay - math.log1p(-math.exp(missed)))) / (order - 1)
    here = answer_law(votes, sigma)
    assert max(renyi(here, answer_law(m, sigma), order) for m in neighbours(votes)) > 1.3 * twin > 0


@pytest.mark.parametrize("counts", [(50, 30, 20), (90, 8, 2), (60, 40, 0), (30, 30, 30)])
@pytest.mark.parametrize("threshold", [40, 70, 95])
def test_a_whole_query_costs_at_least_the_exact_divergence(counts, threshold: int):
    votes, given = np.array(counts), {"threshold": threshold, "check": 20, "answer": 16}
    here = query_law(votes, **given)
    bound = renyi_of_query(votes[None], orders=ORDERS, **given)[0]
    for moved in neighbours(votes):
        there = query_law(moved, **given)
        for order, most in zip(ORDERS.tolist(), bound, strict=True):
            assert max(renyi(here, there, order), renyi(there, here, order)) <= most * (1 + 1e-6) + 1e-12
    assert (bound <= ORDERS * (1 / (2 * 20**2) + 1 / 16**2) * (1 + 1e-9)).all()


@pytest.mark.parametrize("counts", [(90, 8, 2), (60, 40, 0)])
def test_the_epsilon_of_votes_holds_for_the_exact_laws(counts):
    """Three queries with the same votes, all 64 transcripts: the exact delta at that epsilon, both ways."""
    votes, given = np.array(counts), {"threshold": 60, "check": 20, "answer": 16}
    epsilon = epsilon_of_votes(np.stack([votes] * 3), delta=1e-3, **given)
    here = query_law(votes, **given)
    for moved in neighbours(votes):
        there = query_law(moved, **given)
        p, q = (np.einsum("i,j,k->ijk", one, one, one).ravel() for one in (here, there))
        assert max(delta_at(epsilon, p, q), delta_at(epsilon, q, p)) <= 1e-3


def test_no_votes_cost_nothing():
    assert epsilon_of_votes(np.zeros((0, 3), np.int64), threshold=1, check=20, answer=20, delta=1e-5) == 0
