"""One exchange of votes keeps its promise: sensitivity, the noise's law, exact delta, and a broken twin."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest

from confide.account.costs import RHO_UNITS
from confide.account.opening import open_ledger
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.federate.one_shot_votes import NoisyVotes, OneShotVotes
from confide.mechanisms.federate.students import KernelRidge
from confide.mechanisms.federate.votes import ballot, counted
from confide.mechanisms.learn.charging import charged

ALPHA = 1e-9
BUDGET = Budget(1.0, 1e-4, Unit.client())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def maker(**changes) -> OneShotVotes:
    return OneShotVotes(**({"budget": BUDGET, "public": 3, "classes": 4, "noise": "rehearsal"} | changes))


def delta_of(epsilon: float, sigma: int, shift: np.ndarray) -> float:
    """The delta of discrete Gaussian noise under a shift, by its definition: the loss is summed over a grid.

    The loss depends on the noise by the sum of its numbers where the shift is 1, so one law of sums does.
    """
    m = int((shift != 0).sum())
    k = np.arange(-12 * sigma, 12 * sigma + 1)
    one = np.exp(-(k**2) / (2 * sigma**2))
    one, total = one / one.sum(), np.ones(1)
    for _ in range(m):
        total = np.convolve(total, one)
    sums = np.arange(len(total)) - m * 12 * sigma
    # ln of the chance of z over that of z - 1 in each of m numbers.
    loss = (m - 2 * sums) / (2 * sigma**2)
    return float((np.maximum(1 - np.exp(epsilon - loss), 0) * total).sum())


def test_votes_are_counted_and_those_that_cannot_be_left_out_as_a_whole():
    votes = [np.array([0, 1]), np.array([0, -1]), np.array([0, 2]), np.array([0]), np.array([0.0, 1.0])]
    found = counted(votes, 2, 2)
    assert found.counts.tolist() == [[2, 0], [0, 1]] and found.left_out == (2, 3, 4)
    assert (sum(ballot(v, 2) for v in votes[:2]) == found.counts).all()
    with pytest.raises(DataError, match="class codes from 0 to 1"):
        ballot(np.array([0, 2]), 2)


def test_one_client_moves_the_counts_by_a_vector_as_long_as_the_root_of_the_records():
    """Every ballot of two records in two classes, with -1: lengths are at most the root of 2."""
    every = [np.array([a, b]) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    lengths = [np.linalg.norm(counted([votes], 2, 2).counts) for votes in every]
    assert max(lengths) == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize("public", [1, 4])
@pytest.mark.parametrize("epsilon", [0.02, 0.05])
def test_the_exact_delta_is_within_the_budget_and_a_twin_that_forgets_the_records_is_above(
    public: int, epsilon: float
):
    """The twin's noise is made for one vote, where a client has four: its exact delta is above the budget."""
    made = maker(budget=Budget(epsilon, 1e-4, Unit.client()), public=public)
    found = delta_of(epsilon, made.sigma, np.ones(public))
    # Whole deviations are rounded up, by a twentieth at the most here.
    assert 3e-5 < found <= 1e-4
    if public == 4:
        twin = maker(budget=Budget(epsilon, 1e-4, Unit.client()), public=1)
        assert delta_of(epsilon, twin.sigma, np.ones(public)) > 5e-4


def test_the_noise_has_the_law_that_is_stated():
    """20,000 counts, Kolmogorov-Smirnov at 1e-9 whole numbers spread; a tenth more or less fails."""
    made = maker(public=5_000)
    view = made.noised(np.zeros((5_000, 4), np.int64), rng=rng(1)).view
    spread = (view.counts.ravel() + rng(2).uniform(-0.5, 0.5, 20_000)) / made.sigma
    assert kstest(spread, "norm").pvalue > ALPHA
    for wrong in (0.9, 1.1):
        assert kstest(spread / wrong, "norm").pvalue < ALPHA


def test_noise_of_a_release_cannot_be_replayed():
    votes = [np.array([0, 1, 2])] * 50
    one, other = (maker(noise="secure")(votes, rng=rng()) for _ in range(2))
    assert isinstance(one, Release) and one.budget == BUDGET
    assert (one.view.counts != other.view.counts).any()
    again = [maker()(votes, rng=rng(5)) for _ in range(2)]
    assert isinstance(again[0], Rehearsal) and (again[0].view.counts == again[1].view.counts).all()


def test_the_ledger_pays_the_rho_of_all_counts_before_any_is_shown_and_not_twice(tmp_path: Path):
    """Sixteen records at deviation s: rho is 8 / (s^2 - 16). A second exchange is refused, and is not run."""
    made, runs = maker(public=16, budget=Budget(0.5, 1e-4, Unit.client())), list[int]()
    budget = Budget(0.6, 2e-4, Unit.client())
    with closing(open_ledger(f"sqlite:///{tmp_path}/clients.ledger", data="0" * 64, budget=budget)) as ledger:
        how = {"mu": made.mu, "asked": "one exchange of votes", "settings": {}}

        def exchange() -> int:
            runs.append(ledger.left().rho)
            return 0

        before = ledger.left().rho
        charged(ledger, made.budget, train=exchange, **how)
        assert (before - runs[0]) / RHO_UNITS == pytest.approx(8 / (made.sigma**2 - 16), rel=1e-6)
        with pytest.raises(BudgetError):
            charged(ledger, made.budget, train=exchange, **how)
    assert len(runs) == 1


def test_a_student_learns_from_many_noisy_votes():
    """1,000 clients who are right three times in four about two classes of points."""
    r = rng(3)
    x = np.concatenate([r.normal(-1, 0.5, (200, 2)), r.normal(1, 0.5, (200, 2))])
    y = np.repeat([0, 1], 200)
    votes = [np.where(r.random(400) < 0.75, y, 1 - y) for _ in range(1_000)]
    view = maker(public=400, classes=2)(votes, rng=r).view
    student = view.student(KernelRidge(width=0.5, ridge=1.0), x, rng=r)
    assert (student.labels(x) == y).mean() > 0.97
    with pytest.raises(DataError, match="400 public records were voted on, and 3"):
        view.student(KernelRidge(width=1.0), x[:3], rng=r)


def test_labels_are_the_largest_counts():
    assert NoisyVotes(np.array([[3, -9, 4], [-1, -2, -3]]), 16).labels().tolist() == [2, 0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0, 1e-4)}, "give Unit.client"),
        ({"budget": Budget(1.0, 0.0, Unit.client())}, "epsilon and delta above 0"),
        ({"budget": Budget(1e-6, 1e-9, Unit.client()), "public": 10_000}, "would drown any vote"),
        ({"public": 0}, "0 public records"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_counts_of_another_exchange_are_refused():
    for wrong in (np.zeros((3, 3), np.int64), np.zeros((3, 4))):
        with pytest.raises(DataError, match=r"whole numbers of the shape \(3, 4\)"):
            maker().noised(wrong, rng=rng())
