"""The difference of paired rates against hand-computed cases, and how often its interval holds."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import EvidenceError
from confide.measure import difference, proportion
from confide.measure.paired_rates import paired_difference


def both(b: int, c: int, held: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    first = np.repeat([True, False, True, False], [b, c, held, neither])
    second = np.repeat([False, True, True, False], [b, c, held, neither])
    return first, second


def test_the_interval_is_that_of_agresti_and_min_by_hand() -> None:
    # b = 12, c = 2, n = 100: (12.5 - 2.5) / 102 +- 1.96 sqrt(15 - 100 / 102) / 102
    found = paired_difference(*both(12, 2, 40, 46))
    assert found.value == pytest.approx(0.10)
    assert (found.low, found.high) == pytest.approx((0.0261, 0.1700), abs=2e-4)


def test_nothing_that_differs_still_leaves_an_interval() -> None:
    found = paired_difference(*both(0, 0, 50, 50))
    assert found.value == 0 and found.low == pytest.approx(-found.high) and 0.015 < found.high < 0.03


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_the_interval_holds_as_often_as_it_says_and_is_narrower_than_one_of_two_groups(share: float) -> None:
    rng, n, times = np.random.default_rng(4), 300, 2_000
    truth, held = 0.04, 0
    for _ in range(times):
        kind = rng.choice(4, n, p=[share / 2 + truth, share / 2, 0.5, 0.5 - share - truth])
        first, second = np.isin(kind, [0, 2]), np.isin(kind, [1, 2])
        found = paired_difference(first, second)
        held += found.low <= truth <= found.high
    # 95 %; four standard errors of 2,000 draws are 2 points, and the interval is approximate
    assert 0.93 < held / times < 0.985
    apart = difference(*[proportion(int(x.sum()), n, confidence=0.95) for x in (first, second)])
    assert found.high - found.low < apart.high - apart.low


def test_nobody_has_no_difference() -> None:
    with pytest.raises(EvidenceError, match="0 and 0 people"):
        paired_difference(np.zeros(0, bool), np.zeros(0, bool))
