"""PATE keeps its promise: the exact delta, the law of its labels, how parts are dealt; a broken twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.mechanisms.federate.vote_laws import law, query_law

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.learners.estimator import SklearnLearner
from confide.mechanisms.federate.pate import PATE, Labelled
from confide.mechanisms.federate.students import HardTargets

BUDGET = Budget(4.0, 1e-5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def maker(**changes) -> PATE:
    given = {"budget": BUDGET, "classes": 3, "threshold": 60, "queries": 20, "answers": 10}
    return PATE(**(given | {"noise": "rehearsal"} | changes))


def worst_delta(made: PATE, answer: int) -> float:
    """The exact delta of one answer, over all gaps between the counts of two classes."""
    mass = law(answer)[1]
    both = np.convolve(mass, mass)  # the difference of two noises
    chance = np.cumsum(both[::-1])[::-1]
    more, less = chance[:-2], chance[2:]  # a gap two larger wins more often
    gain = np.maximum(more - math.exp(made.budget.epsilon) * less, 0)
    return float(gain.max())


def test_the_promise_is_kept_and_nearly_used_up_and_a_twin_that_moves_one_count_breaks_it():
    """Two classes, one answer: its exact delta is within the budget; for a vote that only leaves, not."""
    made = maker(budget=Budget(0.1, 1e-3), classes=2, queries=1, answers=1, check=0.001)
    found = worst_delta(made, made.answer_sigma)
    assert 0.5e-3 < found <= 1e-3
    assert worst_delta(made, round(made.answer_sigma / math.sqrt(2))) > 2e-3


def test_both_noises_add_up_to_the_budget():
    """mu^2 of all checks and answers is at most that of the budget, and not far below it."""
    from confide.mechanisms.noise.gaussian import gaussian_sigma

    made = maker(queries=500, answers=300)
    spent = 500 / (made.check_sigma**2 - 16) + 2 * 300 / (made.answer_sigma**2 - 16)
    allowed = 1 / gaussian_sigma(BUDGET, sensitivity=1.0) ** 2
    assert 0.85 * allowed < spent <= allowed
    assert made.mu == pytest.approx(math.sqrt(spent))


def votes_of(shares: list[float], teachers: int, seed: int) -> list[np.ndarray]:
    """Teachers who vote for class 0 with these chances on each record, and else for another."""
    r = rng(seed)
    return [
        np.where(r.random(len(shares)) < shares, 0, r.integers(1, 3, len(shares))) for _ in range(teachers)
    ]


def test_records_of_which_teachers_agree_are_labelled_until_no_answer_is_left():
    shares = [0.99, 0.34] * 30
    made = maker(budget=Budget(20.0, 1e-5), threshold=750, queries=40, answers=15)
    found = made(votes_of(shares, 1_000, 1), rng=rng(2)).view
    assert found.answered.tolist() == list(range(0, 30, 2)) and not found.labels.any() and found.asked == 29
    more = maker(budget=Budget(20.0, 1e-5), threshold=750, queries=40, answers=40)
    found = more(votes_of(shares, 1_000, 1), rng=rng(2)).view
    assert found.answered.tolist() == list(range(0, 40, 2)) and found.asked == 40


def test_the_labels_of_a_query_have_their_law():
    """4,000 runs of one query; each frequency within 4.9 deviations of the exact chance (1 in 10^6)."""
    votes = [np.full(4_000, label) for label in [0] * 50 + [1] * 30 + [2] * 10 + [-1] * 5]
    made = maker(queries=4_000, answers=4_000, threshold=55, budget=Budget(300.0, 1e-5))
    view = made(votes, rng=rng(4)).view
    assert made.check_sigma < 100
    exact = query_law(np.array([50, 30, 10]), 55, made.check_sigma, made.answer_sigma)
    seen = np.append(np.bincount(view.labels, minlength=3), 4_000 - len(view.labels))
    assert (np.abs(seen - 4_000 * exact) <= 4.9 * np.sqrt(4_000 * exact * (1 - exact)) + 1).all()


def test_the_loss_of_the_votes_stands_beside_the_promise_and_is_marked():
    made = maker(queries=100, answers=100, threshold=150)
    agreed = made.data_dependent(made.counts(votes_of([0.99] * 100, 250, 5)))
    split = made.data_dependent(made.counts(votes_of([0.4] * 100, 250, 6)))
    assert agreed.epsilon < split.epsilon <= BUDGET.epsilon and agreed.promise == BUDGET
    assert agreed.epsilon < BUDGET.epsilon / 2
    assert "not for publication" in str(agreed) and str(BUDGET) in str(agreed)


def test_one_record_more_changes_one_part_alone():
    """The same coins deal the first records to the same teachers; sizes are those of even chances."""
    made = maker()
    fewer, more = (made.parts(n, 7, rng=rng(1)) for n in (700, 701))
    changed = [i for i in range(7) if fewer[i].tolist() != more[i].tolist()]
    assert len(changed) == 1 and more[changed[0]].tolist() == [*fewer[changed[0]].tolist(), 700]
    sizes = np.array([len(part) for part in made.parts(7_000, 7, rng=rng(2))])
    assert sizes.sum() == 7_000 and (np.abs(sizes - 1_000) < 6 * math.sqrt(1_000)).all()


def test_a_student_learns_from_labelled_records_alone():
    from sklearn.linear_model import LogisticRegression

    public = np.r_[-np.ones(5), np.ones(5), np.full(90, 7.0)][:, None]
    labelled = Labelled(np.arange(10), np.repeat([0, 1], 5), 100, 2)
    learner = HardTargets(SklearnLearner(estimator=LogisticRegression(), classes=2))
    assert labelled.student(learner, public, rng=rng()).labels(np.array([[-1.0], [1.0]])).tolist() == [0, 1]
    with pytest.raises(DataError, match="agreed on no public record"):
        Labelled(np.zeros(0, np.int64), np.zeros(0, np.int64), 100, 2).student(learner, public, rng=rng())


def test_noise_of_a_release_cannot_be_replayed():
    votes = [np.zeros(20, np.int64)] * 60
    one = maker(noise="secure")(votes, rng=rng())
    assert isinstance(one, Release) and one.budget == BUDGET
    again = [maker()(votes, rng=rng(5)) for _ in range(2)]
    assert isinstance(again[0], Rehearsal)
    assert again[0].view.answered.tolist() == again[1].view.answered.tolist()
    parts = [maker(noise="secure").parts(100, 5, rng=rng(1))[0].tolist() for _ in range(2)]
    assert parts[0] != parts[1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0)}, "epsilon and delta above 0"),
        ({"budget": Budget(1.0, 1e-5, Unit.pixels(at_most=3))}, "hide a record, a person or a client"),
        ({"check": 1.0}, "check is 1.0"),
        ({"answers": 21}, "21 answers of 20 queries"),
        ({"budget": Budget(1e-7, 1e-9)}, "would drown any vote"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_votes_that_cannot_be_read_are_refused():
    with pytest.raises(DataError, match="votes of teacher 1 are not 2 class codes"):
        maker()([np.array([0, 1]), np.array([0, 3])], rng=rng())
    with pytest.raises(DataError, match="no teachers"):
        maker()([], rng=rng())
    with pytest.raises(DataError, match="0 teachers"):
        maker().parts(5, 0, rng=rng())
