"""Risk by classes and with weights, and the best cell to suppress, against loops over pairs of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from confide.core.errors import DataError
from confide.measure.best_suppression import best_suppression
from confide.measure.class_risk import class_risk, compatible
from confide.measure.individual_risk import individual_risk, mean_of_reciprocal
from confide.views.table import Domain, Table

SIZES = (3, 5, 2)


def domains(sizes: tuple[int, ...] = SIZES) -> tuple[Domain, ...]:
    return tuple(Domain(f"c{i}", tuple(f"v{v}" for v in range(m))) for i, m in enumerate(sizes))


def drawn(n: int, *, seed: int, ranges: bool) -> Table:
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, m, n) for m in SIZES], axis=1)
    table = Table.of(domains(), codes)
    if not ranges:
        return table
    other = np.stack([rng.integers(0, m, n) for m in SIZES], axis=1).astype(np.int32)
    keep = rng.random(codes.shape) < 0.5
    other[keep] = table.low[keep]
    return Table(table.domains, np.minimum(table.low, other), np.maximum(table.low, other))


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(0, 10_000), st.booleans())
def test_the_best_cell_is_that_of_all_pairs(n: int, seed: int, ranges: bool) -> None:
    table = drawn(n, seed=seed, ranges=ranges)
    found = best_suppression(table)
    same = (table.low[:, None] == table.low) & (table.high[:, None] == table.high)
    for i in range(n):
        now = sum(bool(same[i, j].all()) for j in range(n))
        without = [
            sum(bool(np.delete(same[i, j], column).all()) for j in range(n)) for column in range(len(SIZES))
        ]
        assert found.now[i] == now
        assert found.without[i].tolist() == without
        assert found.column[i] == (without.index(max(without)) if max(without) > now else -1)
        assert found.gain[i] == pytest.approx(1 / now - 1 / max(without))


def test_a_table_without_company_has_no_best_cell() -> None:
    assert best_suppression(Table.of(domains((4, 4)), np.array([[0, 0], [1, 1]]))).column.tolist() == [-1, -1]


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(0, 10_000))
def test_whom_a_row_may_describe_is_that_of_all_pairs(n: int, seed: int) -> None:
    release, people = drawn(n, seed=seed, ranges=True), drawn(50, seed=seed + 1, ranges=False)
    naive = [
        sum(bool(((lo <= person) & (person <= hi)).all()) for person in people.low)
        for lo, hi in zip(release.low, release.high, strict=True)
    ]
    assert compatible(release, people).tolist() == naive


def test_prosecutor_journalist_and_marketer() -> None:
    """Three classes of 1, 2 and 3 rows; in the population of 12 they have 4, 2 and 6."""
    domain = domains((4,))
    release = Table.of(domain, np.array([[0], [1], [1], [2], [2], [2]]))
    population = Table.of(domain, np.repeat([0, 1, 2], [4, 2, 6])[:, None])
    alone, among = class_risk(release), class_risk(release, population=population)
    assert (alone.prosecutor, alone.journalist, alone.marketer) == (1.0, None, pytest.approx(3 / 6))
    assert among.journalist == 1 / 2
    assert among.marketer == pytest.approx((1 / 4 + 2 / 2 + 3 / 6) / 6)
    assert alone.above(0.4) == pytest.approx(3 / 6)


def test_a_row_that_says_nothing_is_no_class_and_no_company() -> None:
    domain = domains((3, 3))
    low, high = np.array([[0, 0], [0, 0], [1, 1]], np.int32), np.array([[2, 2], [2, 2], [1, 1]], np.int32)
    risk = class_risk(Table(domain, low, high))
    assert risk.each.tolist() == [1 / 3, 1 / 3, 1.0]
    assert (risk.classes, risk.silent) == (1, 2)


def test_the_population_is_checked() -> None:
    release, other = drawn(5, seed=0, ranges=False), Table.of(domains((3,)), np.zeros((9, 1)))
    with pytest.raises(DataError, match="same columns"):
        class_risk(release, population=other)
    with pytest.raises(DataError, match="4 rows and the release 5"):
        class_risk(release, population=release.take(np.arange(4)))
    with pytest.raises(DataError, match="ranges"):
        class_risk(release, population=drawn(9, seed=1, ranges=True))


@pytest.mark.parametrize(("f", "p"), [(1, 0.1), (1, 0.999), (2, 0.3), (3, 0.05), (7, 0.4), (40, 0.02)])
def test_the_mean_of_the_reciprocal_term_by_term(f: int, p: float) -> None:
    """sum over F of C(F-1, f-1) p^f (1-p)^(F-f) / F, term after term."""
    term, total, count = p**f, 0.0, f
    while count < 200_000 and (term > 1e-18 or count < 3 * f / p):
        total += term / count
        term *= count / (count - f + 1) * (1 - p)
        count += 1
    assert mean_of_reciprocal(np.array([float(f)]), np.array([p]))[0] == pytest.approx(total, rel=1e-9)


def test_the_individual_risk_is_that_of_simulated_populations() -> None:
    """F is drawn, and 1 / F averaged; error rate 0.3 %."""
    table, weight = Table.of(domains((2,)), np.array([[0], [0], [0], [1]])), np.array([2.0, 5.0, 3.0, 8.0])
    rng = np.random.default_rng(0)
    risk = individual_risk(table, weight)
    for row, (f, total) in ((0, (3, 10.0)), (3, (1, 8.0))):
        drawn_f = 1 / (f + rng.negative_binomial(f, f / total, 200_000))
        assert abs(risk[row] - drawn_f.mean()) < 3 * drawn_f.std() / np.sqrt(200_000)
    assert risk[0] == risk[1] == risk[2]


def test_a_census_has_the_risk_of_its_classes() -> None:
    table = drawn(30, seed=4, ranges=False)
    assert individual_risk(table, np.ones(30)).tolist() == pytest.approx(class_risk(table).each.tolist())


def test_weights_are_checked() -> None:
    table = drawn(3, seed=0, ranges=False)
    with pytest.raises(DataError, match=r"row 2 is 0\.0"):
        individual_risk(table, np.array([1.0, 0.0, 2.0]))
    with pytest.raises(DataError, match="2 weights for 3 rows"):
        individual_risk(table, np.ones(2))


@pytest.mark.parametrize("f", [59, 60, 100, 1_000])
@pytest.mark.parametrize("p", [0.01, 0.3, 0.99])
def test_the_mean_reciprocal_of_many_is_the_sum_of_its_law(f: int, p: float) -> None:
    """1 / F over the negative binomial law itself, as far as it has weight."""
    beyond = np.arange(int(nbinom.isf(1e-13, f, p)) + 10)
    exact = float((nbinom.pmf(beyond, f, p) / (f + beyond)).sum())
    assert mean_of_reciprocal(np.array([float(f)]), np.array([p]))[0] == pytest.approx(exact, rel=1e-8)
