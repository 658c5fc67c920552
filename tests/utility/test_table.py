"""Utility of released tables, against loops over values and closed forms."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.utility.table import (
    certainty_penalty,
    correlation_distance,
    interval_overlap,
    losses,
    marginal_distances,
    propensity,
    quality,
    trained,
)
from confide.utility.table._spread import groups
from confide.utility.table.marginals import ONE, THREE, TWO
from confide.utility.table.propensity import PMSE, TOLD_APART, matching, pmse
from confide.utility.table.range_losses import CERTAINTY, CLASS_SIZE, DISCERNIBILITY, LEAVES, RELATIVE
from confide.utility.table.training import COMMONEST, REAL, SANITISED
from confide.views.table import Domain, Table

SIZES = (3, 20, 4, 6)


def domains() -> tuple[Domain, ...]:
    """A category, numbers with a missing value, a category, numbers."""
    labels = [tuple(str(v) for v in range(m)) for m in SIZES]
    return (
        Domain("a", labels[0]),
        Domain("b", labels[1], np.append(np.arange(19.0) ** 1.5, np.nan), missing=True),
        Domain("c", labels[2]),
        Domain("d", labels[3], np.array([1.0, 2.0, 4.0, 8.0, 9.0, 30.0])),
    )


def people(n: int, *, seed: int) -> Table:
    """Columns that depend on each other."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 3, n)
    b = np.minimum(rng.integers(0, 10, n) + 5 * a, 19)
    c = np.where(rng.random(n) < 0.7, a, rng.integers(0, 4, n))
    d = np.where(rng.random(n) < 0.6, b // 4, rng.integers(0, 6, n))
    return Table.of(domains(), np.stack([a, b, c, d], axis=1))


def coarse(table: Table, *, seed: int, share: float = 0.5) -> Table:
    """Ranges around the values in some of the cells."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, table.low, endpoint=True)
    high = rng.integers(table.low, np.broadcast_to(table.sizes - 1, table.low.shape), endpoint=True)
    keep = rng.random(low.shape) >= share
    low[keep] = high[keep] = table.low[keep]
    return Table(table.domains, low.astype(np.int32), high.astype(np.int32))


def naive_marginal(table: Table, grouped: tuple[np.ndarray, ...], at: tuple[int, ...]) -> dict[tuple, float]:
    """Value by value."""
    found: dict[tuple, float] = {}
    for row in range(len(table)):
        ranges = [range(table.low[row, i], table.high[row, i] + 1) for i in at]
        for values in product(*ranges):
            key = tuple(int(grouped[i][v]) for i, v in zip(at, values, strict=True))
            share = 1 / np.prod([len(r) for r in ranges]) / len(table)
            found[key] = found.get(key, 0.0) + float(share)
    return found


@settings(max_examples=12)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10_000))
def test_marginal_distances_value_by_value(n: int, m: int, seed: int) -> None:
    original, released = people(n, seed=seed), coarse(people(m, seed=seed + 1), seed=seed)
    grouped = groups(original)
    found = marginal_distances(original, released)
    for name, size in ((ONE, 1), (TWO, 2), (THREE, 3)):
        distances = []
        for at in combinations(range(4), size):
            one, other = (naive_marginal(t, grouped, at) for t in (original, released))
            distances.append(sum(abs(one.get(k, 0) - other.get(k, 0)) for k in one | other) / 2)
        assert found[name] == pytest.approx(np.mean(distances), abs=1e-5)


@settings(max_examples=20)
@given(st.integers(2, 60), st.integers(0, 10_000))
def test_distances_are_zero_for_a_copy_and_grow_with_the_columns(n: int, seed: int) -> None:
    original = people(n, seed=seed)
    copy, other = original.take(np.random.default_rng(seed).permutation(n)), people(n, seed=seed + 1)
    assert set(marginal_distances(original, copy).values()) == {0.0}
    assert correlation_distance(original, copy) == pytest.approx(0, abs=1e-6)
    assert interval_overlap(original, copy) == pytest.approx(1)
    found = marginal_distances(original, other)
    assert found[ONE] <= found[TWO] + 1e-9 <= found[THREE] + 2e-9 <= 1 + 3e-9  # pyright: ignore[reportOperatorIssue]


def test_groups_hold_equal_numbers_of_neighbours_and_leave_the_missing_alone() -> None:
    table = people(5_000, seed=0)
    group = groups(table, most=5)[1]
    assert (np.diff(group) >= 0).all() and group[-1] == group.max() and (group == group[-1]).sum() == 1
    count = np.bincount(group[table.low[:, 1]])[:-1]
    assert count.max() < 2 * count.min() + 500


def test_the_correlation_distance_by_numpy_and_by_hand() -> None:
    """Precise tables: NumPy's correlation of the numbers, chi-square of all other pairs."""
    original, released = people(400, seed=1), people(300, seed=2)
    grouped, square = groups(original), 0.0
    for i, j in combinations(range(4), 2):
        values = []
        for table in (original, released):
            x, y = table.low[:, i], table.low[:, j]
            if (i, j) == (1, 3):
                u, v = (domains()[k].numbers[table.low[:, k]] for k in (i, j))  # pyright: ignore[reportOptionalSubscript]
                both = ~np.isnan(u) & ~np.isnan(v)
                values.append(np.corrcoef(u[both], v[both])[0, 1])
                continue
            counts = np.zeros((int(grouped[i].max()) + 1, int(grouped[j].max()) + 1))
            np.add.at(counts, (grouped[i][x], grouped[j][y]), 1)
            counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
            expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / len(table)
            chi = ((counts - expected) ** 2 / expected).sum()
            values.append(np.sqrt(chi / len(table) / (min(counts.shape) - 1)))
        square += 2 * (values[0] - values[1]) ** 2
    assert correlation_distance(original, released) == pytest.approx(np.sqrt(square), abs=1e-6)


def test_a_range_adds_variance_and_no_covariance() -> None:
    """Each range written out: every person once for each pair of values, equally often."""
    original = people(40, seed=3)
    released = coarse(original, seed=4)
    whole = 360  # a multiple of most lengths; the others are rounded to the nearest
    at = np.random.default_rng(5)
    low, high = np.repeat(released.low, whole, axis=0), np.repeat(released.high, whole, axis=0)
    # Equally spaced quantiles of each range, in a random order for each column.
    step = np.concatenate(
        [np.stack([at.permutation(whole) for _ in range(4)], axis=1) for _ in range(len(released))]
    )
    spread = Table.of(domains(), low + (step * (high - low + 1)) // whole)
    assert correlation_distance(original, released) == pytest.approx(
        correlation_distance(original, spread), abs=0.02
    )
    assert correlation_distance(original, released) > 0.2


def test_losses_of_a_small_table_by_hand() -> None:
    """Rows: a precise pair, a range of d, and one that says nothing; one row of five is gone."""
    low = np.array([[0, 3, 1, 2], [0, 3, 1, 2], [0, 3, 1, 1], [0, 0, 0, 0]], np.int32)
    high = np.array([[0, 3, 1, 2], [0, 3, 1, 2], [0, 3, 1, 3], [2, 19, 3, 5]], np.int32)
    found = losses(people(5, seed=0), Table(domains(), low, high), k=2)
    assert found[CERTAINTY] == pytest.approx((6 / 29 / 4 + 1 + 1) / 5)
    assert found[LEAVES] == pytest.approx((2 / 5 / 4 + 1 + 1) / 5)
    assert found[DISCERNIBILITY] == 2**2 + 1 + 2 * 5
    assert found[CLASS_SIZE] == 1.5 and found[RELATIVE] == 0.75


def test_a_range_that_may_be_missing_loses_by_values() -> None:
    low, high = np.array([[0, 18, 0, 0]], np.int32), np.array([[0, 19, 0, 0]], np.int32)
    assert certainty_penalty(Table(domains(), low, high))[0].tolist() == pytest.approx([0, 1 / 19, 0, 0])


def test_all_rows_that_say_nothing() -> None:
    nothing = Table(domains(), np.zeros((3, 4), np.int32), np.tile(np.array(SIZES, np.int32) - 1, (3, 1)))
    found = losses(people(3, seed=0), nothing)
    assert (found[CERTAINTY], found[DISCERNIBILITY], found[CLASS_SIZE]) == (1.0, 9.0, 0.0)


def test_intervals_of_one_column_overlap_as_computed_by_hand() -> None:
    """Shares .5 of 100 and .6 of 100: half-widths by Wald's formula."""
    domain = (Domain("s", ("f", "m")),)
    one, other = (Table.of(domain, np.repeat([0, 1], c)[:, None]) for c in ([50, 50], [60, 40]))
    first, second = 1.959964 * np.sqrt(0.25 / 100), 1.959964 * np.sqrt(0.24 / 100)
    common = (0.5 + first) - (0.6 - second)
    wanted = (common / (2 * first) + common / (2 * second)) / 2
    assert interval_overlap(one, other) == pytest.approx(wanted, abs=1e-6)


def test_disjoint_intervals_do_not_overlap() -> None:
    domain = (Domain("x", ("0", "1"), np.array([0.0, 1.0])),)
    one, other = (Table.of(domain, np.repeat([0, 1], c)[:, None]) for c in ([900, 100], [100, 900]))
    assert interval_overlap(one, other) == 0


@pytest.mark.slow
def test_the_null_expectation_of_pmse_is_that_of_a_resample_and_half_that_of_another_sample() -> None:
    """The mean ratios over 60 pairs; error rate 0.3 %, with .04 for values that few people have."""
    resampled, other, rng = [], [], np.random.default_rng(6)
    for seed in range(60):
        original = people(3_000, seed=2 * seed)
        for found, release in (
            (resampled, original.take(rng.integers(0, 3_000, 3_000))),
            (other, people(3_000, seed=2 * seed + 1)),
        ):
            error, null = pmse(original, release)
            found.append(error / null)
    for found, wanted in ((resampled, 1.0), (other, 2.0)):
        assert abs(np.mean(found) - wanted) < 3 * np.std(found, ddof=1) / np.sqrt(60) + 0.04 * wanted


def test_pmse_of_one_column_is_its_closed_form() -> None:
    """With one binary column the regression is saturated: p is the released share within each value."""
    domain = (Domain("s", ("f", "m")),)
    one, other = (Table.of(domain, np.repeat([0, 1], c)[:, None]) for c in ([50, 50], [80, 20]))
    p, c = np.array([80 / 130, 20 / 70]), 0.5
    error, null = pmse(one, other)
    assert error == pytest.approx((130 * (p[0] - c) ** 2 + 70 * (p[1] - c) ** 2) / 200, rel=1e-3)
    assert null == pytest.approx(1 * 0.5**2 * 0.5 / 200)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_small_tables_are_measured(n: int) -> None:
    one = Table.of((Domain("s", ("f", "m")),), np.zeros((n, 1), np.int32))
    found = quality(one, one.take(np.arange(max(n - 1, 1))), rng=np.random.default_rng(0))
    assert found[ONE] == 0 and TWO not in found and THREE not in found
    told = found[TOLD_APART]
    assert isinstance(told, Estimate) and told.low <= 0.5 <= told.high


def test_told_apart_where_columns_no_longer_belong_together() -> None:
    """Shuffled columns have every single value: the regression sees nothing, the trees do."""
    original, rng = people(1_500, seed=7), np.random.default_rng(8)
    shuffled = Table.of(domains(), np.stack([rng.permutation(c) for c in original.low.T], axis=1))
    found = propensity(original, shuffled, rng=rng)
    told = found[TOLD_APART]
    assert isinstance(told, Estimate) and told.low > 0.75
    assert found[PMSE] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("order", ["the same", "another"])
def test_a_copy_is_not_told_apart(order: str) -> None:
    """Its twins would push the AUC far below one half if they were learned from; error rate 0.2 %."""
    original, rng = people(1_000, seed=9), np.random.default_rng(10)
    copy = original if order == "the same" else original.take(rng.permutation(1_000))
    told = propensity(original, copy, rng=rng, confidence=0.998)[TOLD_APART]
    assert matching(original, copy) == (order == "the same")
    assert isinstance(told, Estimate) and told.low <= 0.5 <= told.high


def test_a_release_teaches_as_far_as_it_keeps_the_relation() -> None:
    original, held_out, rng = people(3_000, seed=11), people(2_000, seed=12), np.random.default_rng(13)
    shuffled = original.low.copy()
    shuffled[:, 2] = rng.permutation(shuffled[:, 2])
    copied = trained(original, original, held_out, secret="c", rng=rng)
    lost = trained(original, Table.of(domains(), shuffled), held_out, secret="c", rng=rng)
    assert copied[REAL] == copied[SANITISED] == lost[REAL]
    real, sanitised, common = (lost[k] for k in (REAL, SANITISED, COMMONEST))
    assert isinstance(real, Estimate) and isinstance(sanitised, Estimate) and isinstance(common, Estimate)
    # c is a in .7 + .3 / 4 of the cases, and a is known.
    assert real.low <= 0.775 <= real.high
    assert sanitised.high < real.low and sanitised.value < common.high + 0.05


def test_a_range_teaches_by_its_values() -> None:
    """With half of the cells in ranges something is still learned."""
    original, held_out = people(3_000, seed=14), people(2_000, seed=15)
    found = trained(original, coarse(original, seed=16), held_out, secret="c", rng=np.random.default_rng(17))
    sanitised, common = found[SANITISED], found[COMMONEST]
    assert isinstance(sanitised, Estimate) and isinstance(common, Estimate) and sanitised.low > common.high


def test_all_measures_by_name() -> None:
    original = people(300, seed=18)
    released = coarse(original, seed=20)
    plain = quality(original, released, rng=np.random.default_rng(0))
    more = quality(
        original, released, rng=np.random.default_rng(0), secret="c", held_out=people(100, seed=21), k=2
    )
    assert set(more) - set(plain) == {REAL, SANITISED, COMMONEST, RELATIVE}
    assert all(more[name] == plain[name] for name in plain)
    assert len(plain) == 12


def test_what_cannot_be_compared() -> None:
    table, rng = people(10, seed=0), np.random.default_rng(0)
    with pytest.raises(DataError, match="same columns"):
        quality(table, table.only(["a", "b"]), rng=rng)
    with pytest.raises(DataError, match="before it was generalised"):
        marginal_distances(coarse(table, seed=1), table)
    with pytest.raises(DataError, match="without rows"):
        interval_overlap(table, table.take(np.zeros(10, np.bool_)))
    with pytest.raises(DataError, match="only column"):
        trained(*[table.only(["a"])] * 3, secret="a", rng=rng)  # pyright: ignore[reportCallIssue]
