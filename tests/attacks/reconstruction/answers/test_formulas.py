"""Attacks on answers against naive references: sums, the box, what is known of each bit, the program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from tests.attacks.reconstruction.answers.subset_sums import asked, guessed, rng

from confide.attacks.reconstruction.answers import BoxReconstruction, LinearProgram, RewordedQueries, _fit
from confide.attacks.reconstruction.answers._fista import minimise
from confide.attacks.reconstruction.answers._fit import box_fit, plain_fit
from confide.attacks.reconstruction.answers._quadratic import Quadratic
from confide.attacks.reconstruction.answers.linear_program import least_distance
from confide.attacks.reconstruction.answers.reworded import averaged
from confide.core.errors import DataError
from confide.views.answers import Answers, Subsets


def dense(view: Answers) -> np.ndarray:
    return view.subsets.members(0, len(view)).T.astype(np.float64)


@pytest.mark.parametrize("people", [1, 8, 21])
def test_packed_sums_are_the_matrix_products(people):
    member = rng(1).random((13, people)) < 0.4
    subsets, x, y = Subsets.of(member), rng(2).random(people), rng(3).random(13)
    assert subsets.sums(x) == pytest.approx(member @ x, rel=1e-6)
    assert subsets.spread(y) == pytest.approx(member.T @ y, rel=1e-12)
    assert (subsets.sizes == member.sum(axis=1)).all()
    assert (subsets.memberships == member.sum(axis=0)).all()
    assert (subsets.members(2, 5) == member.T[:, 2:5]).all()
    assert (subsets.take(np.array([4, 1])).members(0, 2) == member.T[:, [4, 1]]).all()


def test_random_halves_are_fair_coins_and_leave_the_padding_empty():
    subsets = Subsets.random(4_000, 21, rng=rng(0))
    assert subsets.random_halves and (subsets.packed[-1] & 0b111 == 0).all()
    # Pairs of people are together in a quarter of the subsets: within five deviations.
    together = subsets.members(0, 4_000) @ subsets.members(0, 4_000).T / 4_000
    assert abs(together[np.triu_indices(21, 1)] - 0.25).max() < 5 * (0.25 * 0.75 / 4_000) ** 0.5
    assert not Subsets.of(rng(0).random((500, 40)) < 0.2).random_halves


def test_what_is_no_subset_is_refused():
    with pytest.raises(DataError, match="rows of 0 and 1"):
        Subsets.of(np.array([[0, 2]]))
    with pytest.raises(DataError, match="3 answers to 2 queries"):
        Answers(subsets=Subsets.of(np.eye(2)), answers=np.zeros(3))
    with pytest.raises(DataError, match="finite"):
        Answers(subsets=Subsets.of(np.eye(2)), answers=np.array([1.0, np.nan]))


def rows_of(problem: Quadratic) -> tuple[np.ndarray, np.ndarray]:
    """The same least squares as plain rows: centred answers, their mean, the total."""
    view, w = problem.view, problem.weights
    q, root = dense(view), np.sqrt(w)[:, None]
    mean_q, mean_a = w @ q / w.sum(), w @ view.answers / w.sum()
    own = np.sqrt(problem.mean_weight * w.sum())
    parts = [root * (q - mean_q), own * mean_q[None]]
    right = [root[:, 0] * (view.answers - mean_a), np.array([own * mean_a])]
    if view.total is not None:
        parts.append(np.full((1, view.people), problem.total_weight**0.5))  # 0 for random halves
        right.append(np.array([problem.total_weight**0.5 * view.total]))
    return np.concatenate(parts), np.concatenate(right)


@pytest.mark.parametrize("total", [None, 9.0])
@pytest.mark.parametrize("half", [True, False], ids=["halves", "few"])
def test_the_box_is_that_of_a_general_solver(half, total):
    view, _ = asked(16, 40, 0.5, seed=4)
    if not half:
        subsets = Subsets.of(rng(5).random((40, 16)) < 0.2)
        view = Answers(subsets=subsets, answers=rng(6).normal(subsets.sizes / 2, 1))
    view = Answers(subsets=view.subsets, answers=view.answers, noise=2.0, total=total)
    weights = rng(7).random(40)
    found = box_fit(view, weights=weights)
    rows, right = rows_of(Quadratic(view, weights))
    expected = lsq_linear(rows, right, (0, 1), tol=1e-14, max_iter=1_000)
    assert found.converged and found.x == pytest.approx(expected.x, abs=1e-4)
    assert found.gradient == pytest.approx(rows.T @ (rows @ found.x - right), abs=1e-3)


def test_plain_least_squares_are_those_of_a_general_solver():
    view, _ = asked(16, 40, 0.5, seed=4)
    rows, right = rows_of(Quadratic(view, np.ones(40)))
    found = plain_fit(view)
    assert found.x == pytest.approx(np.linalg.lstsq(rows, right, rcond=None)[0], abs=1e-6)
    assert found.information == pytest.approx(1 / np.diag(np.linalg.inv(rows.T @ rows)), rel=1e-6)


def test_what_is_told_about_a_bit_is_what_is_left_when_the_free_ones_are_fitted():
    view, _ = asked(24, 60, 0.5, seed=8)
    found = box_fit(view)
    rows, _ = rows_of(Quadratic(view, np.ones(60)))
    free = (found.x > 0) & (found.x < 1)
    assert 3 < free.sum() < 21, "or the test shows nothing"
    for i in range(24):
        others = free.copy()
        others[i] = False
        left = rows[:, i] - rows[:, others] @ np.linalg.lstsq(rows[:, others], rows[:, i], rcond=None)[0]
        assert found.information[i] == pytest.approx(left @ left, rel=1e-5)


def test_people_whom_no_answer_tells_apart_get_no_claim_beyond_their_share():
    """Two people who are in the same subsets: their sum is 1, and each is as likely as the other."""
    member = np.repeat(rng(9).integers(0, 2, (60, 8)), 2, axis=1)
    bits = np.tile([True, False], 8)
    view = Answers(subsets=Subsets.of(member), answers=(member @ bits).astype(float), noise=0.0)
    assert abs(guessed(BoxReconstruction(), view).score).max() < 0.1
    alone = Answers(subsets=Subsets.of(member[:, ::2]), answers=member[:, ::2].sum(axis=1).astype(float))
    assert abs(guessed(BoxReconstruction(), alone).score).min() > 20


def test_without_the_matrix_the_box_is_the_same(monkeypatch):
    view, _ = asked(200, 1_000, 0.25, seed=10)
    by_matrix, plain = box_fit(view), plain_fit(view)
    monkeypatch.setattr(_fit, "DENSE", 0)
    passes = box_fit(view)
    assert passes.converged and passes.x == pytest.approx(by_matrix.x, abs=2e-3)
    assert plain_fit(view).x == pytest.approx(plain.x, abs=2e-3)
    # The law of random subsets, (m - free) / 4, instead of each bit's own Schur complement.
    assert abs(passes.information / by_matrix.information - 1).mean() < 0.05


@pytest.mark.parametrize("curvature", [100.0, 0.5], ids=["known", "far too small"])
def test_the_iteration_finds_the_minimum_of_a_quadratic(curvature):
    scale, at = np.array([1.0, 10.0, 100.0]), np.array([0.3, -2.0, 5.0])
    found = minimise(
        lambda x: scale * (x - at), np.zeros(3), curvature=curvature, low=0, high=1, tolerance=1e-9, most=500
    )
    assert found.converged and found.x == pytest.approx([0.3, 0.0, 1.0], abs=1e-7)


def test_the_program_recovers_every_bit_from_exact_answers_of_which_some_are_arbitrary():
    """Dwork, McSherry, Talwar 2007: fewer than .239 of them may be, once there are enough answers."""
    view, bits = asked(40, 320, 0.0, seed=11, wrong=0.15)
    assert (guessed(LinearProgram(), view).value == bits).all()
    x, off = least_distance(view)
    assert off == pytest.approx(np.abs(dense(view) @ x - view.answers).sum(), rel=1e-6)
    assert off <= np.abs(dense(view) @ bits - view.answers).sum() + 1e-6


def test_an_answer_to_the_same_text_counts_once():
    subsets = Subsets.of(np.array([[1, 0, 1], [0, 1, 1]])).take(np.array([0, 0, 1, 0]))
    answers, texts = np.array([2.0, 2.0, 0.5, 4.0]), np.array([7, 7, 3, 9])
    view, weights = averaged(Answers(subsets=subsets, answers=answers, noise=1.0, wording=texts))
    assert sorted(zip(view.answers.tolist(), weights.tolist(), strict=True)) == [(0.5, 1.0), (3.0, 2.0)]
    assert (view.subsets.sizes == 2).all()


def test_without_sticky_noise_rewording_is_the_box():
    view, _ = asked(30, 100, 0.5, seed=12)
    one, other = (guessed(attack, view) for attack in (RewordedQueries(), BoxReconstruction()))
    assert (one.score == other.score).all()
