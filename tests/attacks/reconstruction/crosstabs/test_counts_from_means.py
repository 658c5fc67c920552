"""Hidden counts from published means: against people whose means are known, and by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from confide.attacks.reconstruction.crosstabs.counts_from_means import (
    Counted,
    TooManyError,
    counts_from_means,
)
from confide.core.errors import DataError


def fits(total: Counted, groups: list[Counted], counts: tuple[int, ...]) -> bool:
    """Whether whole people and some true means behind the rounded ones add up: an interval, as a loop."""
    low = high = Fraction(0)
    for group, n in zip(groups, counts, strict=True):
        assert group.mean is not None
        low, high = low + n * (group.mean - group.rounding), high + n * (group.mean + group.rounding)
    number = sum(counts)
    assert total.mean is not None
    ends = number * (total.mean - total.rounding), number * (total.mean + total.rounding)
    return total.low <= number <= total.high and low <= ends[1] and ends[0] <= high


@pytest.mark.parametrize("seed", range(20))
def test_the_ends_are_those_of_all_counts_that_fit_and_the_truth_is_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(1, 9, 3)
    ages = [rng.integers(18, 90, n) for n in true]
    decimals = int(rng.integers(0, 3))

    def mean(values: np.ndarray) -> str:
        return f"{float(values.mean()):.{decimals}f}"

    groups = [
        Counted.of(1, 8, mean(a)) if i else Counted.of(len(a), len(a), mean(a)) for i, a in enumerate(ages)
    ]
    total = Counted.of(int(true.sum()) - 2, int(true.sum()) + 2, mean(np.concatenate(ages)))
    found = counts_from_means(total, groups)
    every = product(*(range(g.low, g.high + 1) for g in groups))
    fitting = [(*counts, sum(counts)) for counts in every if fits(total, groups, counts)]
    assert found == [(min(column), max(column)) for column in zip(*fitting, strict=True)]
    assert all(low <= n <= high for n, (low, high) in zip([*true, true.sum()], found, strict=True))


def test_a_group_without_a_mean_tells_nothing_unless_nobody_is_in_it() -> None:
    total, shown = Counted.of(100, 100, "50.00"), Counted.of(97, 97, "50.31")
    hidden = Counted(1, 4, None)
    assert counts_from_means(total, [shown, hidden]) is None
    nobody = Counted(0, 0, None)
    assert counts_from_means(total, [shown, Counted.of(1, 4, "40.10"), nobody]) is not None


def test_means_that_no_counts_fit_and_too_many_counts_are_said() -> None:
    with pytest.raises(DataError, match="no counts fit"):
        counts_from_means(Counted.of(10, 10, "5.0"), [Counted.of(10, 10, "7.0")])
    with pytest.raises(TooManyError):
        counts_from_means(Counted.of(10, 9_000, "5.0"), [Counted.of(0, 999, "5.0")] * 2)
