"""The published loss of votes: its own privacy by exact laws, how often it is too small, its mean; twins."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from tests.mechanisms.federate.vote_laws import delta_at, law

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.federate.gnmax_cost import renyi_of_query
from confide.mechanisms.federate.pate import PATE
from confide.mechanisms.federate.published_gnmax_cost import SENSITIVITY, STEPS, PublishLoss
from confide.mechanisms.learn.dpsgd.renyi import at_delta

MADE = PATE(budget=Budget(4.0, 1e-5), classes=3, threshold=200, queries=500, answers=300, noise="rehearsal")
VOTES = np.tile([246, 3, 1], (500, 1))
RUNS = 1_000


def maker(**changes) -> PublishLoss:
    given = {"pate": MADE, "budget": Budget(0.6, 1e-5), "noise": "rehearsal"}
    return PublishLoss(**(given | changes))


def exact_delta(made: PublishLoss, steps: int) -> float:
    """The exact delta of the noise at the number's own epsilon, for votes that many steps apart."""
    mass = law(made.sigma)[1]
    p, q = np.concatenate([mass, np.zeros(steps)]), np.concatenate([np.zeros(steps), mass])
    return delta_at(made.budget.epsilon, p, q)


def test_the_number_keeps_its_own_budget_nearly_uses_it_up_and_twins_do_not():
    """Less noise, as for a sensitivity of a half, and none, break it."""
    made = maker(budget=Budget(1.0, 1e-3))
    assert 0.9e-3 < exact_delta(made, SENSITIVITY) <= 1e-3
    assert exact_delta(made, 2 * SENSITIVITY) > 1e-2
    without = [made.epsilon_at(made.steps(VOTES - np.array([k, -k, 0]))) for k in (0, 1)]
    assert without[0] != without[1]  # told apart for sure


def test_no_teacher_moves_the_number_by_more_steps_than_its_noise_is_for():
    """Where the bound is steepest between full agreement and a tie, in all queries at once."""
    made = maker()
    steps = [made.steps(np.tile([250 - k, k, 0], (500, 1))) for k in range(40, 76, 5)]
    steps_of_one = [made.steps(np.tile([250 - k, k, 0], (500, 1))) for k in range(41, 77, 5)]
    moved = np.abs(np.subtract(steps, steps_of_one))
    assert 0.8 * STEPS < moved.max() <= SENSITIVITY


def published(made: PublishLoss, seed: int, patch: pytest.MonkeyPatch) -> np.ndarray:
    bound = made.steps(VOTES)  # the same in all runs, and found once
    patch.setattr(PublishLoss, "steps", lambda _made, _counts: bound)
    rng = np.random.default_rng(seed)
    return np.array([made(VOTES, rng=rng).view.epsilon for _ in range(RUNS)])


def test_it_is_too_small_as_seldom_as_it_says_and_its_mean_is_that_of_log_normal_noise(monkeypatch):
    """1,000 runs. Below the bound: a count that a fair number exceeds once in 10^6. The mean: closed form,
    within 4.9 standard errors (1 in 10^6)."""
    made = maker(beta=0.1, budget=Budget(2.0, 1e-5), miss=0.2)
    found = published(made, 1, monkeypatch)
    assert found.max() < made.promise.epsilon  # none was cut
    low = made.epsilon_at(made.steps(VOTES))
    below = int((found < low).sum())
    assert binom.ppf(1e-6, RUNS, 0.19) <= below <= binom.ppf(1 - 1e-6, RUNS, 0.2)
    step = made.smoothness / STEPS
    start, deviation = (made.steps(VOTES) + made.margin) * step, made.sigma * step
    fixed = low - math.exp(made.steps(VOTES) * step)
    spread = math.exp(start + deviation**2 / 2) * math.sqrt(math.expm1(deviation**2))
    mean = fixed + math.exp(start + deviation**2 / 2)
    assert abs(found.mean() - mean) <= 4.9 * spread / math.sqrt(RUNS)


def test_it_is_above_the_unpublishable_loss_at_its_order_and_below_the_promise():
    made = maker()
    orders = np.array([made.at_order])
    loss = renyi_of_query(
        VOTES, threshold=200, check=MADE.check_sigma, answer=MADE.answer_sigma, orders=orders
    ).sum()
    truth = float(loss + at_delta(1e-5, orders)[0]) + made.at_order * made.mu**2 / 2
    low = made.epsilon_at(made.steps(VOTES))
    assert truth <= low < truth + 0.2
    view = made(VOTES, rng=np.random.default_rng(3)).view
    assert MADE.data_dependent(VOTES).unpublishable_epsilon < view.epsilon < view.promise.epsilon / 1.5
    assert "for publication" in str(view) and "NOT" not in repr(view)


def test_split_votes_are_never_said_to_cost_more_than_the_promise():
    made = maker(pate=replace(MADE, threshold=60))
    view = made(np.tile([125, 125, 0], (500, 1)), rng=np.random.default_rng(4)).view
    assert view.epsilon == view.promise.epsilon
    both = math.hypot(MADE.mu, made.mu)
    from confide.mechanisms.noise.gaussian import gaussian_delta

    assert gaussian_delta(view.promise.epsilon, sigma=1 / both, sensitivity=1.0) <= 1e-5


def test_noise_of_a_release_cannot_be_replayed():
    released = [maker(noise="secure")(VOTES, rng=np.random.default_rng(0)) for _ in range(2)]
    assert isinstance(released[0], Release) and released[0].budget == Budget(0.6, 1e-5)
    assert released[0].view.epsilon != released[1].view.epsilon
    again = [maker()(VOTES, rng=np.random.default_rng(0)) for _ in range(2)]
    assert isinstance(again[0], Rehearsal) and again[0].view == again[1].view


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(0.6, 1e-5, Unit.client())}, "give one unit"),
        ({"budget": Budget(0.6)}, "epsilon and delta above 0"),
        ({"budget": Budget(1e-7, 1e-9)}, "too little for a number"),
        ({"miss": 0.5}, "miss is 0.5"),
        ({"miss": 0.0}, "miss is 0"),
        ({"order": 1}, "order is 1"),
        ({"beta": 0.0}, "beta is 0"),
        ({"beta": math.nan}, "beta is nan"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_votes_that_are_not_those_of_the_labels_are_refused():
    with pytest.raises(DataError, match="votes of 501 public records"):
        maker()(np.tile([250, 0, 0], (501, 1)), rng=np.random.default_rng(0))
    with pytest.raises(DataError, match="votes of 0 public records"):
        maker()(np.zeros((0, 3), np.int64), rng=np.random.default_rng(0))
