"""Rare values: merged by noised counts, and told apart again."""

from __future__ import annotations

import numpy as np
import pytest

from confide.mechanisms.synthesize.graphs.fitting import fit
from confide.mechanisms.synthesize.measured import Measured, counted
from confide.mechanisms.synthesize.merging import Merging, Unmerged, merge
from confide.views.table import Domain, Table


def noised(*counts: float) -> Measured:
    return Measured(columns=(0,), counts=np.array(counts), sigma=2.0, rho=0.0)


def test_values_below_the_bound_share_a_code_that_comes_last() -> None:
    made = Merging.of(noised(3.0, 80.0, 5.0, 20.0, -9.0), below=3)
    assert made.to.tolist() == [2, 0, 2, 1, 2] and made.size == 3
    np.testing.assert_allclose(made.share, [3 / 8, 1, 5 / 8, 1, 0])
    np.testing.assert_allclose(made.spread.sum(axis=1), 1)


def test_one_rare_value_stays_alone_and_values_without_counts_share_evenly() -> None:
    assert Merging.of(noised(3.0, 80.0), below=3).size == 2
    made = Merging.of(noised(-1.0, -3.0, 0.0), below=3)
    assert made.size == 1 and made.share.tolist() == [1 / 3] * 3


def test_the_variance_of_a_merged_count_is_that_of_a_sum() -> None:
    made = Merging.of(noised(3.0, 80.0, 5.0), below=3)
    counts, weight = made.merged(np.array([3.0, 80.0, 5.0]), 4.0)
    assert counts.tolist() == [80, 8] and weight.tolist() == [1 / 4, 1 / 8]


def test_margins_and_rows_of_the_table_follow_from_those_of_the_merged_one() -> None:
    mergings = Merging.of(noised(3.0, 80.0, 5.0, 20.0), below=3), Merging.of(noised(50.0, 50.0), below=3)
    merged = Measured(columns=(0, 1), counts=np.array([[1, 79], [20, 0], [6, 2.0]]), sigma=1e-3, rho=0.0)
    model = Unmerged(fit((3, 2), [merged], until=0, steps=4_000), mergings)
    expected = np.array([[6 * 3 / 8, 2 * 3 / 8], [1, 79], [6 * 5 / 8, 2 * 5 / 8], [20, 0]])
    np.testing.assert_allclose(model.margin((0, 1)), expected, atol=0.01)
    np.testing.assert_allclose(model.margin((1,)), expected.sum(axis=0), atol=0.01)
    assert model.sizes == (4, 2) and model.margin(()).item() == pytest.approx(108)
    drawn = model.rows(10_800, rng=np.random.default_rng(0))
    domains = Domain("a", tuple("0123")), Domain("b", tuple("01"))
    seen = counted(Table.of(domains, drawn), (0, 1)) / 100
    # Values that are merged are drawn: 800 of them, whose counts deviate by at most 14.
    np.testing.assert_allclose(seen, expected, atol=0.75)


def test_a_table_is_coded_as_it_was_merged() -> None:
    mergings = (Merging.of(noised(3.0, 80.0, 5.0), below=3),)
    made = merge(Table.of([Domain("a", tuple("012"))], np.array([[0], [1], [2]])), mergings)
    assert made.low[:, 0].tolist() == [1, 0, 1] and made.sizes.tolist() == [2]
