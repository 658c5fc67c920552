"""Robust means: hand-computed cases, what their statements bound, and poisoned parties."""

from __future__ import annotations

import math

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian, TrimmedMean
from confide.mechanisms.federate.means.filtering import MOST, EigenvectorFilter, weights_of
from confide.mechanisms.federate.means.krum import Krum, krum_scores
from confide.mechanisms.federate.means.mean import PlainMean, usable

N, POISONED = 40, 10
ROBUST = {
    "median": CoordinateMedian(),
    "trimmed": TrimmedMean(POISONED / N),
    "Krum": Krum(poisoned=POISONED),
    "Multi-Krum": Krum(poisoned=POISONED, average=N - POISONED),
    "filter": EigenvectorFilter(share=POISONED / N, variance=1.6),
}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_median_and_a_trimmed_mean_by_hand():
    sent = np.array([[1.0, -8.0], [2.0, 5.0], [4.0, 6.0], [9.0, 7.0], [100.0, 8.0]])
    assert CoordinateMedian()(sent).tolist() == [4.0, 6.0]
    assert TrimmedMean(0.2)(sent).tolist() == [5.0, 6.0]
    assert TrimmedMean(0.4)(sent).tolist() == [4.0, 6.0]
    assert TrimmedMean(0.0)(sent).tolist() == PlainMean()(sent).tolist() == [23.2, 3.6]


def test_a_trimmed_mean_drops_the_number_that_the_share_means():
    """0.3 of 10 is 3.0000000000000004 in floats of another order; a tenth of 11 is rounded up to 2."""
    tens = np.arange(10.0)[:, None] ** 2
    assert TrimmedMean(0.3)(tens) == np.mean([9, 16, 25, 36])
    assert TrimmedMean(0.1)(np.arange(11.0)[:, None] ** 3) == np.mean(np.arange(2.0, 9) ** 3)


def test_krum_by_hand():
    """Points 0, 1, 3, 7, 8 with one poisoned: two nearest others; 1 has squares 1 + 4, 7 has 1 + 16."""
    sent = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
    assert krum_scores(sent, 1) == pytest.approx([1 + 9, 1 + 4, 4 + 9, 1 + 16, 1 + 25])
    assert Krum(poisoned=1)(sent).tolist() == [1.0]
    assert Krum(poisoned=1, average=3)(sent) == pytest.approx([4 / 3])


def test_krum_scores_are_those_of_plain_loops():
    sent = rng(1).standard_normal((9, 4)) + 1e3
    for poisoned in (0, 1, 3):
        for i, score in enumerate(krum_scores(sent, poisoned)):
            others = sorted(math.dist(sent[i], sent[j]) ** 2 for j in range(9) if j != i)
            assert score == pytest.approx(sum(others[: 9 - poisoned - 2]), rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_median_and_trimmed_mean_stay_between_honest_numbers_whatever_is_sent(seed: int):
    r = rng(seed)
    honest = r.standard_normal((N - POISONED, 3))
    bad = r.choice([-1e12, 1e12, 0.0, 2.0], (POISONED, 3))
    for name in ("median", "trimmed"):
        found = ROBUST[name](np.concatenate([bad, honest]))
        assert (found >= honest.min(axis=0)).all() and (found <= honest.max(axis=0)).all()


@pytest.mark.parametrize("name", ROBUST)
@pytest.mark.parametrize("how", ["far", "together", "apart"])
def test_a_quarter_of_poisoned_parties_moves_the_plain_mean_and_no_robust_one(name: str, how: str):
    r = rng(3)
    honest = r.standard_normal((N - POISONED, 10))
    bad = {
        "far": np.full((POISONED, 10), 1e6),
        "together": np.full((POISONED, 10), 8.0) + 1e-3 * r.standard_normal((POISONED, 10)),
        "apart": 1e3 * r.standard_normal((POISONED, 10)) + 1e3,
    }[how]
    sent = np.concatenate([honest, bad])[r.permutation(N)]
    error = np.linalg.norm(ROBUST[name](sent) - honest.mean(axis=0))
    # Krum returns a single honest vector: as far from the mean as one is.
    assert error < (math.sqrt(10) + 1 if name == "Krum" else 2.2)
    assert np.linalg.norm(PlainMean()(sent) - honest.mean(axis=0)) > 6


def test_in_many_dimensions_the_median_is_pushed_far_and_the_filter_is_not():
    """Every number is pushed by one deviation: the median's error grows with the root of d, as it must."""
    r, errors = rng(4), {}
    for d in (16, 256):
        honest = r.standard_normal((800, d))
        sent = np.concatenate([honest, np.full((200, d), 1.0) + 0.1 * r.standard_normal((200, d))])
        made = {"median": CoordinateMedian(), "filter": EigenvectorFilter(share=0.2, variance=1.5)}
        errors[d] = {name: np.linalg.norm(mean(sent)) for name, mean in made.items()}
    assert errors[256]["median"] > 3 * errors[16]["median"] > 3
    assert errors[256]["filter"] < 1 and errors[256]["filter"] < errors[256]["median"] / 4


@pytest.mark.parametrize("seed", range(30))
def test_the_filter_takes_more_from_poisoned_than_from_honest_vectors(seed: int):
    """The statement, for poisoned vectors drawn in many ways: they keep no more than their share."""
    r = rng(seed)
    share = r.choice([0.1, 0.2, MOST])
    bad = round(100 * share)
    honest = r.standard_normal((100 - bad, 5)) @ np.diag(r.uniform(0.1, 1, 5))
    spread = np.linalg.eigvalsh(np.cov(honest.T, bias=True))[-1]
    poison = r.standard_normal(5) * r.choice([1, 3, 10, 100]) + r.choice([0, 1, 5]) * r.standard_normal(
        (bad, 5)
    )
    weights = weights_of(np.concatenate([honest, poison]), share, spread)
    assert weights.sum() == pytest.approx(1) and (weights >= 0).all()
    assert weights[100 - bad :].sum() <= share + 1e-9


def test_a_filter_without_its_bound_on_the_share_would_lose_the_honest_ones():
    """A twin: 45 of 100 vectors are poisoned, which the proof does not allow, and the majority loses."""
    r = rng(5)
    honest = r.standard_normal((55, 5))
    honest[:, 0] *= 3
    sent = np.concatenate([honest, np.r_[9.0, np.zeros(4)] + 1e-3 * r.standard_normal((45, 5))])
    assert weights_of(sent, 0.45, 1e-3)[55:].sum() > 0.45
    with pytest.raises(DataError, match=r"share is 0\.45: filtering withstands shares from 0 to 0\.3"):
        EigenvectorFilter(share=0.45, variance=1.0)


def test_equal_vectors_are_their_own_mean():
    same = np.full((N, 3), 0.1)
    for mean in (PlainMean(), *ROBUST.values()):
        assert mean(same) == pytest.approx([0.1] * 3)


def test_what_no_mean_can_take_is_left_out_and_counted():
    found = usable(
        [np.ones(2), np.ones((2, 1)), np.array([1.0, np.inf]), np.array(["a", "b"]), np.array([3, 4])], (2,)
    )
    assert found.left_out == (1, 2, 3) and found.vectors.tolist() == [[1, 1], [3, 4]]
    with pytest.raises(DataError, match="none of 1 parties sent finite numbers"):
        usable([np.array([np.nan])], (1,))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: TrimmedMean(0.5), "share is 0.5"),
        (lambda: TrimmedMean(float("nan")), "share is nan"),
        (lambda: TrimmedMean(0.4)(np.ones((2, 1))), "3 parties or more"),
        (lambda: Krum(poisoned=-1), "-1 poisoned"),
        (lambda: Krum(poisoned=1, average=0), "0 averaged"),
        (lambda: Krum(poisoned=2)(np.ones((6, 1))), "7 parties or more"),
        (lambda: EigenvectorFilter(share=0.1, variance=0.0), "variance is 0.0"),
        (lambda: CoordinateMedian()(np.ones(3)), r"shape \(3,\)"),
    ],
)
def test_what_a_mean_cannot_withstand_it_refuses(make, says):
    with pytest.raises(DataError, match=says):
        make()
