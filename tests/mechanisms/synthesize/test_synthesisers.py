"""What synthesisers make: measured margins at a large budget, tables of small tables, the same of a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.mechanisms.synthesize.synthetic_tables import rng, table

from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.measured import counted
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.noisy_copy import NoisyCopy
from confide.mechanisms.synthesize.privbayes import PrivBayes, parent_sets
from confide.views.table import Domain, Table

PRIVATE = (MST, IndependentMargins, PrivBayes)
RICH, POOR = Budget(1e6, 1e-9), Budget(1.0, 1e-9)


def private(kind: Any, budget: Budget = POOR, **settings: Any) -> Any:
    return kind(budget=budget, noise="rehearsal", **settings)


def distance(one: Table, other: Table, columns: tuple[int, ...]) -> float:
    a, b = counted(one, columns), counted(other, columns)
    return float(np.abs(a / a.sum() - b / b.sum()).sum()) / 2


@pytest.mark.parametrize("kind", PRIVATE)
def test_a_large_budget_reproduces_what_was_measured(kind: Any) -> None:
    """The least noise that a rehearsal draws has a deviation of 1: margins are right to a few rows."""
    data = table(20_000)
    release = private(kind, RICH)(data, rng=rng())
    assert abs(len(release.view) - 20_000) <= 5
    for margin in release.margins:
        if margin.columns and margin.merged is None:
            gap = np.abs(counted(release.view, margin.columns) - counted(data, margin.columns))
            assert gap.max() < 12, margin.columns


def test_mst_finds_the_tree_and_keeps_its_pairs() -> None:
    """All columns depend on the first one, and on each other only through it."""
    data = table(40_000)
    release = private(MST, Budget(4.0, 1e-9))(data, rng=rng())
    assert {m.columns for m in release.margins if m.chosen} == {(0, 1), (0, 2), (0, 3)}
    alone = private(IndependentMargins, Budget(4.0, 1e-9))(data, rng=rng())
    for pair in ((0, 1), (0, 2), (0, 3), (1, 3)):
        assert distance(release.view, data, pair) < 0.03 < 0.1 < distance(alone.view, data, pair)


def test_the_model_of_a_release_is_the_law_of_its_rows() -> None:
    """Pearson's chi-squared over at most 120 cells exceeds 250 less than once in 10^10 runs."""
    for kind in PRIVATE:
        release = private(kind, rows=50_000)(table(5_000), rng=rng(2))
        model = release.model
        assert model is not None and model.sizes == (3, 4, 2, 5)
        expected = model.margin((0, 1, 2, 3)) / model.total * 50_000
        seen = counted(release.view, (0, 1, 2, 3))
        likely = expected >= 1
        assert ((seen - expected) ** 2 / expected)[likely].sum() < 250


def test_privbayes_keeps_triples_that_a_tree_cannot() -> None:
    draw = rng()
    a, b = draw.integers(0, 2, (2, 40_000))
    data = Table.of([Domain(c, ("0", "1")) for c in "abc"], np.stack([a, b, a ^ b], axis=1))
    assert distance(private(PrivBayes)(data, rng=rng()).view, data, (0, 1, 2)) < 0.03
    assert distance(private(MST)(data, rng=rng()).view, data, (0, 1, 2)) > 0.4


def test_parents_fit_into_the_room_and_none_can_be_added() -> None:
    assert parent_sets((0, 1), (4, 4), 3) == [()]
    assert parent_sets((), (4,), 3) == [()]
    sizes = (2, 3, 4, 5, 2)
    found = parent_sets((0, 1, 2, 3, 4), sizes, 24)
    assert len(set(found)) == len(found)
    for parents in found:
        cells = np.prod([sizes[c] for c in parents])
        assert cells <= 24 and all(cells * sizes[c] > 24 for c in range(5) if c not in parents)


@pytest.mark.parametrize("kind", PRIVATE)
@pytest.mark.parametrize("sizes", [(1,), (4,), (1, 1), (3, 1), (2, 5)])
@pytest.mark.parametrize("n", [0, 1, 30])
def test_small_tables_give_tables(kind: Any, sizes: tuple[int, ...], n: int) -> None:
    data = table(n, sizes)
    release = private(kind)(data, rng=rng())
    assert release.view.names == data.names and len(release.view) >= 1
    assert len(private(kind, rows=0)(data, rng=rng()).view) == 0
    assert len(private(kind, rows=7)(data, rng=rng()).view) == 7


@pytest.mark.parametrize("kind", PRIVATE)
def test_seeds_and_sources_of_noise(kind: Any) -> None:
    data = table(500)
    once, again, other = (private(kind)(data, rng=rng(seed)) for seed in (1, 1, 2))
    assert isinstance(once, Rehearsal) and not isinstance(once, Release)
    assert once.view.digest() == again.view.digest() != other.view.digest()
    assert isinstance(kind(budget=POOR)(data, rng=rng()), Release)


def test_a_table_of_ranges_is_refused() -> None:
    data = table(10)
    ranges = Table(data.domains, data.low, data.low + 0)
    for kind in PRIVATE:
        with pytest.raises(DataError, match="several values"):
            private(kind)(ranges, rng=rng())


def test_a_bootstrap_draws_each_row_with_the_chance_that_it_says() -> None:
    n = 4_000
    data = Table.of([Domain("id", tuple(map(str, range(n))))], np.arange(n)[:, None])
    release = Bootstrap(noise="rehearsal")(data, rng=rng())
    assert release.budget is None and len(release.view) == n
    # The number of rows drawn at all has a deviation of about .31 sqrt(n) = 20; five of them.
    assert abs(len(np.unique(release.view.low)) - n * (1 - 1 / np.e)) < 100
    assert len(Bootstrap(rows=9)(data, rng=rng()).view) == 9
    with pytest.raises(DataError, match="no rows"):
        Bootstrap()(data.take(np.arange(0)), rng=rng())


def test_a_noisy_copy_moves_numbers_and_nothing_else() -> None:
    ages = Domain("age", (*map(str, range(100)), "?"), np.append(np.arange(100.0), np.nan), missing=True)
    town = Domain("town", ("a", "b"))
    codes = np.stack([rng().integers(0, 101, 20_000), rng(1).integers(0, 2, 20_000)], axis=1)
    data = Table.of([ages, town], codes)
    plain = NoisyCopy(share=0.0, noise="rehearsal")(data, rng=rng(3)).view
    moved = NoisyCopy(share=0.02, noise="rehearsal")(data, rng=rng(3)).view
    assert (moved.low[:, 1] == plain.low[:, 1]).all()
    assert ((moved.low[:, 0] == 100) == (plain.low[:, 0] == 100)).all()
    inner = (plain.low[:, 0] > 20) & (plain.low[:, 0] < 80)
    steps = (moved.low[:, 0] - plain.low[:, 0])[inner]
    # Noise of .02 x 99 = 1.98, rounded, whose variance is larger by 1/12.
    assert steps.std() == pytest.approx(np.sqrt(1.98**2 + 1 / 12), rel=0.03)
    with pytest.raises(PromiseError, match="share"):
        NoisyCopy(share=-0.1)
