"""Margins of synthetic files, against cases counted by hand, loops over rows, and simulated coverage."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from tests.utility.synthetic.populations import domains, people

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.utility.synthetic._binned import binned, margin_sets
from confide.utility.synthetic._independent import shuffled
from confide.utility.synthetic.margins import MarginComparison, compare_margins
from confide.views.table import Domain, Table


def loops(real: Table, other: Table, at: tuple[int, ...]) -> float:
    """The total variation distance, cell by cell."""
    ours = Counter(tuple(row[i] for i in at) for row in real.low.tolist())
    theirs = Counter(tuple(row[i] for i in at) for row in other.low.tolist())
    cells = set(ours) | set(theirs)
    return sum(abs(ours[c] / len(real) - theirs[c] / len(other)) for c in cells) / 2


@pytest.mark.parametrize("ways", [1, 2, 3])
def test_distances_are_those_of_loops_over_cells(ways: int) -> None:
    rng = np.random.default_rng(1)
    real, made, held = people(300, 0.5, rng=rng), people(170, 0.2, rng=rng), people(90, 0.5, rng=rng)
    found = compare_margins(real, made, held, ways=ways, rng=rng)
    sets = list(combinations(range(5), ways))
    assert found.synthetic.columns == tuple(tuple(f"c{i}" for i in at) for at in sets)
    assert found.synthetic.each == pytest.approx([loops(real, made, at) for at in sets], abs=1e-12)
    assert found.floor is not None
    assert found.floor.each == pytest.approx([loops(real, held, at) for at in sets], abs=1e-12)
    assert found.synthetic.mean.value == pytest.approx(found.synthetic.each.mean())


def test_two_pairs_of_two_values_by_hand() -> None:
    # Real: half (0, 0), half (1, 1). Synthetic: all four cells once; every cell is off by a quarter.
    real = Table.of(domains((2, 2)), np.array([[0, 0], [0, 0], [1, 1], [1, 1]]))
    made = Table.of(domains((2, 2)), np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    found = compare_margins(real, made, ways=2, rng=np.random.default_rng(0))
    assert found.synthetic.mean.value == 0.5
    assert found.score.value == 500.0
    assert compare_margins(real, made, ways=1, rng=np.random.default_rng(0)).synthetic.mean.value == 0.0


def test_shuffled_columns_are_at_the_distance_of_independence() -> None:
    # Two equal columns of two values: independent ones are off by a quarter in each of four cells.
    n = 40_000
    column = np.repeat([0, 1], n // 2)
    real = Table.of(domains((2, 2)), np.stack([column, column], axis=1))
    found = compare_margins(real, real, ways=2, rng=np.random.default_rng(0))
    assert found.synthetic.mean.value == 0
    # The diagonal of one shuffle has a standard deviation of 1 / (2 sqrt n): .0025; 6 of them for 8 shuffles.
    assert found.shuffled.mean.value == pytest.approx(0.5, abs=6 * 0.0025 / np.sqrt(8))


def test_a_shuffle_keeps_every_column_and_uses_every_value_equally_often() -> None:
    real = binned(people(200, 0.5, rng=np.random.default_rng(0)))[0]
    once = shuffled(real, 200, rng=np.random.default_rng(1))
    assert (np.sort(once.codes) == np.sort(real.codes)).all()
    twice = shuffled(real, 400, rng=np.random.default_rng(1))
    assert (np.sort(twice.codes) == np.sort(np.tile(real.codes, 2))).all()
    assert shuffled(real, 30, rng=np.random.default_rng(1)).codes.shape == (5, 30)


def test_numbers_are_cut_by_width_and_categories_by_order() -> None:
    labels = tuple(map(str, range(40)))
    number = Domain("n", (*labels, "?"), np.append(np.arange(40.0) ** 2, np.nan), missing=True)
    table = Table.of([number, Domain("c", labels)], np.stack([np.arange(40), np.arange(40)], axis=1))
    codes = binned(table)[0].codes
    expected = [min(int(v * v / 39**2 * 16), 15) for v in range(40)]
    assert codes[0].tolist() == expected
    assert codes[1].tolist() == [v * 16 // 40 for v in range(40)]
    other = Table.of(table.domains, np.array([[40, 0]]))
    both = binned(table, other)
    assert both[1].codes[:, 0].tolist() == [16, 0]  # a missing value has its own bin
    assert both[0].sizes == (17, 16)


def test_values_beyond_the_real_range_go_to_the_nearest_bin_and_published_bins_are_used() -> None:
    number = Domain("n", tuple(map(str, range(40))), np.arange(40.0))
    real = Table.of([number], np.arange(10, 20)[:, None])
    made = Table.of([number], np.array([[0], [39]]))
    assert binned(real, made)[1].codes.tolist() == [[0, 15]]
    public = {"n": np.repeat([0, 1], 20)}
    assert binned(real, made, public=public)[1].codes.tolist() == [[0, 1]]
    with pytest.raises(DataError, match="2 bins were given"):
        binned(real, made, public={"n": np.array([0, 1])})


def test_many_published_bins_are_joined_so_that_three_columns_fit_in_memory() -> None:
    code = Domain("n", tuple(map(str, range(1_000))))
    table = Table.of([code], np.array([[0], [15], [16], [999]]))
    found = binned(table, public={"n": np.arange(1_000)})[0]
    assert (found.codes.tolist(), found.sizes) == ([[0, 0, 1, 63]], (64,))


def test_rows_of_one_person_count_once_in_an_interval() -> None:
    rng = np.random.default_rng(4)
    real, made = people(600, 0.5, rng=rng), people(100_000, 0.2, rng=rng)
    fourfold = Table.of(real.domains, np.repeat(real.low, 4, axis=0), people=np.repeat(np.arange(600), 4))
    widths = []
    for table in (real, fourfold, fourfold.published):
        found = compare_margins(table, made, ways=2, rng=np.random.default_rng(0)).synthetic
        widths.append((found.mean.high - found.mean.low, found.error.mean()))
    assert widths[1] == pytest.approx(widths[0], rel=0.03)
    assert widths[2][0] < 0.6 * widths[1][0]  # as if they were 2,400 people
    assert widths[2][1] < 0.6 * widths[1][1]


def test_triples_are_drawn_without_repetition_from_the_generator() -> None:
    drawn = [margin_sets(14, 3, most=60, rng=np.random.default_rng(s)) for s in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == 60
    assert len(margin_sets(14, 3, most=None, rng=np.random.default_rng(0))) == 364


def test_bad_files_are_refused_in_words() -> None:
    rng = np.random.default_rng(0)
    real = people(20, 0.5, rng=rng)
    with pytest.raises(DataError, match="without rows"):
        compare_margins(real, real.take(np.zeros(0, int)), ways=2, rng=rng)
    with pytest.raises(DataError, match="give the same columns"):
        compare_margins(real, real.only(["c0", "c1"]), ways=2, rng=rng)
    with pytest.raises(DataError, match="the table has 1"):
        compare_margins(real.only(["c0"]), real.only(["c0"]), ways=2, rng=rng)


def test_one_row_leaves_a_wide_interval() -> None:
    rng = np.random.default_rng(0)
    real = people(500, 0.5, rng=rng)
    found = compare_margins(real, real.take(np.array([0])), ways=2, rng=rng)
    assert found.difference.mean.low < 0 < found.synthetic.mean.high - found.synthetic.mean.low
    assert found.synthetic.mean.high - found.synthetic.mean.low > 0.5


RUNS, NOMINAL = 200, 0.95
LEAST = 171
"""Of 200 intervals that hold with 95 % each, fewer cover in 6e-7 of all tests (binomial)."""


def intervals(real_tie: float, made_tie: float, n: int) -> dict[str, list[Estimate]]:
    """The intervals of 200 pairs of files from two laws."""
    found: dict[str, list[Estimate]] = {}
    for run in range(RUNS):
        rng = np.random.default_rng([7, run])
        c: MarginComparison = compare_margins(
            people(n, real_tie, rng=rng),
            people(n, made_tie, rng=rng),
            people(n, real_tie, rng=rng),
            ways=2,
            rng=rng,
        )
        assert c.floor is not None and c.doubts is not None
        each = {"synthetic": c.synthetic, "difference": c.difference, "floor": c.floor}
        each |= {"own": c.doubts.own, "other people": c.doubts.other_people}
        for name, distances in each.items():
            found.setdefault(name, []).append(distances.mean)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("real_tie", "made_tie"), [(0.5, 0.0), (0.3, 0.55), (0.5, 0.5)])
def test_intervals_cover_the_mean_over_files(real_tie: float, made_tie: float) -> None:
    for name, found in intervals(real_tie, made_tie, 400).items():
        # The mean of 200 files is off by a fourteenth of what one file is: too little to matter here.
        true = float(np.mean([e.value for e in found]))
        assert sum(e.low <= true <= e.high for e in found) >= LEAST, name


@pytest.mark.slow
def test_the_coverage_test_would_see_intervals_half_as_wide() -> None:
    found = intervals(0.5, 0.0, 400)["synthetic"]
    true = float(np.mean([e.value for e in found]))
    assert sum(abs(e.value - true) <= (e.high - e.low) / 4 for e in found) < LEAST
