"""Mu of one step: its interval covers, and it is the difference in deviations."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import EvidenceError
from confide.measure.step_audit import mu_shown


@pytest.mark.parametrize("mu", [0.0, 0.3, 2.0])
def test_the_interval_covers_mu(mu: float) -> None:
    """95 % of 2,000: between .935 and .965 but for once in 500 times."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2_000):
        coins = rng.random(300) < 0.5
        found = mu_shown(rng.standard_normal(300) * 3 + 3 * mu * coins, coins)
        covered += found.low <= mu <= found.high
    assert 0.935 < covered / 2_000 < 0.965


def test_no_noise_shows_everything() -> None:
    coins = np.arange(100) % 2 == 0
    assert mu_shown(coins.astype(float), coins).low == np.inf


def test_a_canary_that_hardly_ever_came_says_nothing() -> None:
    with pytest.raises(EvidenceError, match="put in 3 times"):
        mu_shown(np.zeros(100), np.arange(100) < 3)
