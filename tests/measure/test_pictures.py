"""Likeness by its definition, top-k by hand, an interval that holds where a person's pictures go together."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import EvidenceError
from confide.measure.intervals import proportion
from confide.measure.pictures import among_first, average, clustered_rate, psnr, ssim


def test_psnr_by_hand():
    one = np.zeros((2, 2, 2), np.uint8)
    other = np.array([[[10, 0], [0, 0]], [[0, 0], [0, 0]]], np.uint8)
    assert psnr(one, other)[0] == pytest.approx(10 * np.log10(255**2 / 25))
    assert np.isinf(psnr(one, other)[1])


@pytest.mark.parametrize("shape", [(2, 9, 11), (2, 9, 8, 3), (1, 4, 5)])
def test_ssim_window_by_window(shape):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 256, shape).astype(float) for _ in range(2))
    assert ssim(x, x) == pytest.approx(1.0)
    side = min(7, *shape[1:3])
    c1, c2, found = 2.55**2, 7.65**2, []
    for i in range(shape[1] - side + 1):
        for j in range(shape[2] - side + 1):
            a, b = (p[:, i : i + side, j : j + side] for p in (x, y))
            ma, mb = (p.mean(axis=(1, 2)) for p in (a, b))
            va, vb = (p.var(axis=(1, 2)) for p in (a, b))
            both = (a * b).mean(axis=(1, 2)) - ma * mb
            found.append((2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    naive = np.mean(found, axis=0).reshape(shape[0], -1).mean(axis=1)
    assert ssim(x, y) == pytest.approx(naive, abs=1e-9)


def test_a_tie_counts_against_the_adversary():
    scores = np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    truth = np.array([2, 0, 1])
    assert among_first(scores, truth, k=1).tolist() == [False, False, False]
    assert among_first(scores, truth, k=2).tolist() == [True, True, False]
    assert among_first(scores, truth, k=3).all()


def test_one_picture_a_person_is_clopper_pearson():
    hits = np.arange(50) < 31
    plain, clustered = proportion(31, 50, confidence=0.95), clustered_rate(hits, np.arange(50))
    assert (clustered.low, clustered.high) == pytest.approx((plain.low, plain.high), abs=0.01)
    twins = clustered_rate(np.repeat(hits, 4), np.repeat(np.arange(50), 4))
    assert (twins.low, twins.high) == pytest.approx((plain.low, plain.high), abs=0.01), "copies tell no more"


def test_all_right_is_worth_as_many_rows_as_there_are_people():
    assert clustered_rate(np.ones(80, bool), np.arange(80) % 40) == proportion(40, 40, confidence=0.95)
    with pytest.raises(EvidenceError, match="0 images"):
        clustered_rate(np.zeros(0, bool), np.zeros(0, np.int64))


def test_coverage_where_pictures_of_a_person_go_together():
    """2,000 trials, 40 people with 5 pictures, 9 of 10 of which share a lot; 95 % less 4 standard errors.

    The interval that takes rows as independent misses far more often.
    """
    rng, truth, people = np.random.default_rng(0), 0.7, np.repeat(np.arange(40), 5)
    covered = naive = 0
    for _ in range(2_000):
        own = np.repeat(rng.random(40) < truth, 5)
        hits = np.where(rng.random(200) < 0.9, own, rng.random(200) < truth)
        found, plain = clustered_rate(hits, people), proportion(hits.sum(), 200, confidence=0.95)
        covered += found.low <= truth <= found.high
        naive += plain.low <= truth <= plain.high
    assert covered / 2_000 > 0.95 - 4 * np.sqrt(0.05 * 0.95 / 2_000)
    assert naive / 2_000 < 0.85


def test_average_of_one_or_of_infinite_values_has_no_width():
    assert average(np.array([3.0])).low == average(np.array([3.0])).high == 3.0
    assert average(np.array([np.inf, 1.0])).value == np.inf
