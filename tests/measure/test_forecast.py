"""The forecast: what answers say about each bit by dense algebra, and shares known by drawing them."""

from __future__ import annotations

import numpy as np
import pytest

from confide.attacks.reconstruction.answers import BoxReconstruction
from confide.attacks.reconstruction.answers._wide import wide_fit
from confide.core.nouns import Case
from confide.knowledge.answers import AnswersKnowledge
from confide.measure import forecast as forecasting
from confide.measure.forecast import forecast, known_from
from confide.measure.reconstruction import box_deviation, share_known
from confide.measure.subset_information import by_answers, by_people, information
from confide.views.answers import Answers, Subsets


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def covariance(member: np.ndarray, noise: float, share: float) -> tuple[np.ndarray, np.ndarray, float]:
    """The posterior covariance of normal bits, and what maps answers to means, as in a textbook."""
    v = share * (1 - share)
    gain = v * member.T @ np.linalg.inv(v * member @ member.T + noise**2 * np.eye(len(member)))
    return v * np.eye(member.shape[1]) - gain @ member * v, gain, v


@pytest.mark.parametrize(("queries", "people"), [(30, 50), (80, 50)])
def test_the_information_is_that_of_normal_bits(queries, people):
    member = rng(1).random((queries, people)) < 0.2
    left, _, v = covariance(member.astype(float), 0.7, 0.3)
    expected = 1 / np.diag(left) - 1 / v
    subsets = Subsets.of(member)
    for found in (
        by_answers(subsets, noise=0.7, share=0.3).information,
        by_people(subsets, noise=0.7, share=0.3),
        information(subsets, noise=0.7, share=0.3),
    ):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_the_linear_fit_is_the_ratio_of_likelihoods_of_its_normal_law():
    """Bayes with the prior taken off: mean m and variance p are those of the prior times N(y; x, 1/i)."""
    member = (rng(2).random((30, 60)) < 0.2).astype(float)
    bits = (rng(3).random(60) < 0.3).astype(float)
    answers = member @ bits + rng(4).normal(0, 0.7, 30)
    view = Answers(subsets=Subsets.of(member), answers=answers, noise=0.7)
    found = wide_fit(view, share=0.3)
    left, gain, v = covariance(member, 0.7, 0.3)
    mean, p = 0.3 + gain @ (answers - 0.3 * member.sum(axis=1)), np.diag(left)
    # Where the answers are no further off than foretold nothing is discounted.
    off = answers - 0.3 * member.sum(axis=1)
    unlike = max(off @ np.linalg.solve(v * member @ member.T + 0.49 * np.eye(30), off) / 30, 1.0)
    expected = (mean / p - 0.3 / v - (1 / p - 1 / v) / 2) / unlike
    assert found.evidence == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_exact_answers_to_few_queries_about_few_people_each_are_solved():
    """200 exact answers about 1,000 people: the box alone leaves all bits open, and it knows nothing."""
    draw = rng(5)
    subsets, bits = Subsets.of(draw.random((200, 1_000)) < 0.05), draw.random(1_000) < 0.1
    view = Answers(subsets=subsets, answers=subsets.sums(bits.astype(float)), noise=0.0)
    guess = BoxReconstruction()(Case(view, AnswersKnowledge(), np.arange(1_000)), rng=draw)
    known = np.abs(guess.score) >= np.log(19)
    assert known.mean() > 0.4 and (guess.value == bits)[known].mean() > 0.95
    told = forecast(subsets, noise=0.0, share=0.1, rng=draw)
    assert told.here == pytest.approx(known.mean(), abs=0.05)


@pytest.mark.parametrize("share", [0.5, 0.3, 0.02])
def test_the_share_that_is_known_is_that_of_the_closed_form(share):
    for tau in (0.2, 0.5, 1.5):
        told = np.full(3, tau**-2)
        assert known_from(told, share=share) == pytest.approx(share_known(tau, share=share), abs=1e-9)


@pytest.mark.parametrize(
    ("size", "noise", "share", "within"), [(0.1, 1.0, 0.3, 0.05), (0.4, 4.0, 0.5, 0.1), (0.1, 3.0, 0.5, 0.1)]
)
def test_the_forecast_for_other_subsets_than_halves_comes_true(size, noise, share, within):
    """Linear estimates know a little less than the box: the forecast is low by some percent at most."""
    draw, found = rng(6), []
    subsets = Subsets.of(draw.random((500, 200)) < size)
    for _ in range(10):
        bits = draw.random(200) < share
        view = Answers(
            subsets=subsets,
            answers=subsets.sums(bits.astype(float)) + draw.normal(0, noise, 500),
            noise=noise,
        )
        guess = BoxReconstruction()(Case(view, AnswersKnowledge(), np.arange(200)), rng=draw)
        found.append((np.abs(guess.score) >= np.log(19)).mean())
    told = forecast(subsets, noise=noise, share=share, rng=draw)
    assert told.here == pytest.approx(np.mean(found), abs=within)
    assert list(told.known) == sorted(told.known) and list(told.answers) == sorted(told.answers)
    assert told.until[0.01] <= told.until[0.05] <= told.until[0.5]


def test_halves_by_the_closed_form_and_people_in_the_same_subsets_never():
    subsets = Subsets.random(600, 100, rng=rng(7))
    told = forecast(subsets, noise=5.0, share=0.5, rng=rng())
    assert told.here == share_known(box_deviation(100, 600, noise=5.0))
    # Two of each: a sum says which pairs have one, and never who of them.
    twice = Subsets.of(np.repeat(rng(8).random((90, 20)) < 0.5, 2, axis=1))
    assert forecast(twice, noise=1.0, share=0.5, rng=rng()).until[0.5] == float("inf")


def test_the_law_for_large_workloads_is_near_what_is_solved_for_small_ones(monkeypatch):
    subsets = Subsets.of(rng(9).random((500, 200)) < 0.3)
    solved = forecast(subsets, noise=3.0, share=0.5, rng=rng())
    monkeypatch.setattr(forecasting, "DENSEST", 100)
    rough = forecast(subsets, noise=3.0, share=0.5, rng=rng())
    assert rough.how != solved.how and rough.here == pytest.approx(solved.here, abs=0.1)
