"""The bound from two worlds (Jagielski et al. 2020), threshold by threshold, with SciPy's own Beta law."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest
from scipy.stats import beta

from confide.measure.epsilon import two_world
from confide.measure.rows import Rows, mix
from confide.measure.thresholds import Bonferroni, Split

ERROR, DELTA = 0.05, 1e-3
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20))]


def lower(k: int, n: int, error: float) -> float:
    """Clopper and Pearson's one-sided limit."""
    return 0.0 if k == 0 else float(beta.ppf(error, k, n - k + 1))


def upper(k: int, n: int, error: float) -> float:
    return 1.0 if k == n else float(beta.ppf(1 - error, k + 1, n - k))


def shown(true: int, exposed: int, false: int, control: int, error: float) -> float:
    """What these counts prove, of the claim and of its opposite, each rate with half of the error."""
    tpr, fpr = lower(true, exposed, error / 2), upper(false, control, error / 2)
    found = [0.0]
    if tpr > DELTA and fpr > 0:
        found.append(log((tpr - DELTA) / fpr))
    if 1 - fpr > DELTA and tpr < 1:
        found.append(log((1 - fpr - DELTA) / (1 - tpr)))
    return max(found)


def drawn(seed: int, n: int) -> tuple[Rows, list[float], list[float]]:
    """Scores two deviations apart; every other seed has ties."""
    rng = np.random.default_rng(seed)
    exposed = rng.random(n) < 0.5
    score = rng.standard_normal(n) + 2 * exposed
    if seed % 2:
        score = np.round(score, 1)
    rows = Rows(exposed, score, mix(np.arange(n)))
    return rows, score[exposed].tolist(), score[~exposed].tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_of_corrected_thresholds(seed: int) -> None:
    """Every control score is a threshold; one with k others ranked before it counts k false claims."""
    rows, exposed, control = drawn(seed, 150)
    over = 101
    assert len(control) <= over, "of more only some are thresholds"
    best = 0.0
    for rank, threshold in enumerate(sorted(control, reverse=True)):
        true = sum(score > threshold for score in exposed)
        best = max(best, shown(true, len(exposed), rank, len(control), ERROR / over))
    assert best > 0.5, "else little is compared"
    found = two_world(rows, confidence=1 - ERROR, delta=DELTA, threshold=Bonferroni(over))
    assert found.low == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_chosen_on_one_half_and_reported_on_the_other(seed: int) -> None:
    """The half of either side with the smaller hashes chooses, at the lowest of equally good thresholds."""
    rows, _, _ = drawn(seed, 400)
    sides = {}
    for exposed in (True, False):
        rank = sorted((int(u), i) for i, u in enumerate(rows.unit) if rows.exposed[i] == exposed)
        scores = [float(rows.claims[i]) for _, i in rank]
        half = round(len(scores) / 2)
        sides[exposed] = scores[:half], scores[half:]

    def at(threshold: float, part: int) -> float:
        mine, others = sides[True][part], sides[False][part]
        true, false = (sum(s > threshold for s in scores) for scores in (mine, others))
        return shown(true, len(mine), false, len(others), ERROR)

    best, threshold = -1.0, -inf
    for tried in sorted({-inf, *sides[True][0], *sides[False][0]}):
        if at(tried, 0) > best:
            best, threshold = at(tried, 0), tried
    assert at(threshold, 1) > 0.5, "else little is compared"
    found = two_world(rows, confidence=1 - ERROR, delta=DELTA, threshold=Split())
    assert found.low == pytest.approx(at(threshold, 1), rel=1e-9)
