"""What is proved of tables, against every data set that fits."""

from __future__ import annotations

from itertools import combinations as subsets

import numpy as np
import pytest
from tests.attacks.reconstruction.crosstabs.naive import fitting, made

from confide.attacks.reconstruction.crosstabs._combinations import combinations
from confide.attacks.reconstruction.crosstabs._propagation import ContradictionError, propagated
from confide.attacks.reconstruction.crosstabs.cell_bounds import cell_bounds
from confide.attacks.reconstruction.crosstabs.generate_verify import proved
from confide.attacks.reconstruction.crosstabs.ranked_rows import ranked
from confide.attacks.reconstruction.crosstabs.solution_variability import solution_variability
from confide.core.errors import DataError
from confide.views.crosstabs import ALL, Crosstab, Crosstabs
from confide.views.table import Domain

RNG = np.random.default_rng
SEEDS = [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 60))]


def release(seed: int) -> tuple[Crosstabs, int]:
    """Tables over all pairs of three small columns; in every second one small counts are hidden."""
    rng = RNG(seed)
    people = int(rng.integers(3, 6))
    table = made(rng, people=people, sizes=(2, 2, 3))
    sets = [("c0",), *subsets(table.names, 2)] if seed % 3 else [("c0", "c1"), ("c2",)]
    view = Crosstabs.of(table, sets)
    total = Crosstab("total", (0,), np.array([[ALL]], np.int32), np.array([people]), np.array([people]))
    view = Crosstabs(view.domains, (*view.tables, total))
    return (view.hiding(3, zeros=seed % 4 == 1) if seed % 2 else view), people


@pytest.mark.parametrize("seed", SEEDS)
def test_claims_are_those_of_all_data_sets_that_fit(seed: int) -> None:
    """Property: nothing is proved wrongly, and with time to spare nothing is missed."""
    view, people = release(seed)
    found = combinations(view)
    every = list(fitting(view, people))
    rows = [tuple(codes) for codes in found.codes.tolist()]
    least = [min(data[row] for data in every) for row in rows]
    most = [max(data[row] for data in every) for row in rows]
    claims = proved(found)
    assert claims.least.tolist() == least and claims.decided.all()
    bounds = propagated(found)
    assert (bounds.least <= least).all() and (bounds.most >= most).all()
    # Each row of some data set is among the combinations.
    assert set().union(*every) <= set(rows)


@pytest.mark.parametrize("seed", SEEDS[2:])
def test_bounds_of_every_cell_are_the_extremes_over_all_data_sets(seed: int) -> None:
    view, people = release(seed)
    found = combinations(view)
    asked = np.arange(len(found.low))
    bounds = cell_bounds(found, asked)
    counts = []
    for data in fitting(view, people):
        x = np.array([data[tuple(codes)] for codes in found.codes.tolist()])
        counts.append(found.matrix @ x)
    assert bounds.least.tolist() == np.min(counts, axis=0).tolist()
    assert bounds.most.tolist() == np.max(counts, axis=0).tolist()
    assert bounds.decided.all()


@pytest.mark.parametrize("seed", SEEDS)
def test_variability_is_the_largest_difference_from_the_solution(seed: int) -> None:
    view, people = release(seed)
    found = combinations(view)
    told = solution_variability(found)
    assert told.solution is not None
    base = dict(zip(map(tuple, found.codes.tolist()), told.solution.tolist(), strict=True))
    missing = [sum(max(0, base[row] - data[row]) for row in base) for data in fitting(view, people)]
    assert told.records == people and told.decided
    assert told.differ == max(missing)


def test_ranking_is_one_where_all_agree_and_between_elsewhere() -> None:
    view, people = release(2)
    found = combinations(view)
    every = list(fitting(view, people))
    rank = ranked(found, draws=60, rng=RNG(0))
    assert rank.whole == rank.draws
    for codes, share in zip(found.codes.tolist(), rank.share.tolist(), strict=True):
        inside = [tuple(codes) in data for data in every]
        assert share == float(all(inside)) if all(inside) or not any(inside) else 0 <= share <= 1


def test_suppressed_cell_by_hand() -> None:
    """Two by two, margins 5 and 3 down, 4 and 4 across, the cells hidden: [4 1; 0 3] to [1 4; 3 0]."""
    domains = (Domain("sex", ("f", "m")), Domain("ill", ("yes", "no")))
    cells = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0, ALL], [1, ALL], [ALL, 0], [ALL, 1]], np.int32)
    low = np.array([0, 0, 0, 0, 5, 3, 4, 4])
    high = np.array([9, 9, 9, 9, 5, 3, 4, 4])
    view = Crosstabs(domains, (Crosstab("t", (0, 1), cells, low, high),))
    found = combinations(view)
    order = np.argsort(found.cell[:, 1])
    bounds = cell_bounds(found, order[:4])
    assert (bounds.least.tolist(), bounds.most.tolist()) == ([1, 1, 0, 0], [4, 4, 3, 3])
    assert not bounds.exact.any() and bounds.width.tolist() == [4, 4, 4, 4]


def test_no_time_proves_what_propagation_proves_and_decides_nothing_else() -> None:
    view, _ = release(2)
    found = combinations(view)
    claims = proved(found, seconds=0.0)
    assert (claims.least == propagated(found).least).all()
    assert claims.decided.sum() <= (~propagated(found).free).sum() + (claims.seen == 0).sum()


def test_tables_that_no_data_set_fits_are_refused() -> None:
    """Of three pairs of two-valued columns each says that they differ: that cannot be of one person."""
    domains = tuple(Domain(name, ("0", "1")) for name in "abc")
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.int32)
    apart = np.array([0, 1, 1, 0])
    tables = tuple(Crosstab(f"{i}{j}", (i, j), codes, apart, apart) for i, j in ((0, 1), (0, 2), (1, 2)))
    with pytest.raises(ContradictionError):
        proved(combinations(Crosstabs(domains, tables)))


def test_broken_tables_are_refused_with_their_name() -> None:
    domains = (Domain("sex", ("f", "m")),)
    codes = np.array([[0], [1]], np.int32)
    with pytest.raises(DataError, match=r"by sex: a count is -3: give counts of 0 or more"):
        Crosstabs(domains, (Crosstab("by sex", (0,), codes, np.array([2, -3]), np.array([2, -3])),))
    with pytest.raises(DataError, match="by sex holds a cell twice"):
        Crosstab("by sex", (0,), codes[[0, 0]], np.array([2, 3]), np.array([2, 3]))
