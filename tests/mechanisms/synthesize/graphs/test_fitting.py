"""The estimator against brute force: margins of tables that can be enumerated, optima, and rows."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.synthesize.graphs.fitting import fit, total_of
from confide.mechanisms.synthesize.graphs.model import TreeModel
from confide.mechanisms.synthesize.graphs.propagation import Propagation
from confide.mechanisms.synthesize.graphs.triangulation import cells_of, cliques_of, size_of
from confide.mechanisms.synthesize.measured import Measured

Columns = tuple[int, ...]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_sets(seed: int) -> tuple[Columns, tuple[Columns, ...]]:
    """Up to seven columns of one to four values, and up to eight sets of one to three of them."""
    draw = rng(seed)
    d = int(draw.integers(1, 8))
    sizes = tuple(int(s) for s in draw.integers(1, 5, d))
    many = int(draw.integers(0, 9))
    chosen = [draw.choice(d, int(draw.integers(1, min(3, d) + 1)), replace=False) for _ in range(many)]
    return sizes, tuple(dict.fromkeys(tuple(sorted(int(c) for c in one)) for one in chosen))


def brute(sizes: Columns, parameters: dict[Columns, Floats], total: float) -> Floats:
    """All cells of the table: the product of the weights, scaled to the total."""
    logs = np.zeros(sizes)
    for columns, array in parameters.items():
        logs = logs + array.reshape([s if i in columns else 1 for i, s in enumerate(sizes)])
    cells = np.exp(logs)
    return total * cells / cells.sum()


def summed(cells: Floats, columns: Columns) -> Floats:
    """A margin of a table, in the order of the columns."""
    found = cells.sum(axis=tuple(i for i in range(cells.ndim) if i not in columns))
    rising = sorted(columns)
    return found.transpose([rising.index(c) for c in columns])


def measured(
    cells: Floats, columns: Columns, sigma: float, draw: np.random.Generator | None = None
) -> Measured:
    counts = summed(cells, columns)
    if draw is not None:
        counts = counts + draw.normal(0, sigma, counts.shape)
    return Measured(columns=columns, counts=counts, sigma=sigma, rho=0.0)


def loss_of(cells: Floats, margins: list[Measured]) -> float:
    return sum(float(((summed(cells, m.columns) - m.counts) ** 2).sum() / m.sigma**2) / 2 for m in margins)


@pytest.mark.parametrize("seed", range(60))
def test_every_margin_equals_brute_force(seed: int) -> None:
    """The margins that the descent sees, those inside cliques, and those across the tree."""
    sizes, sets = random_sets(seed)
    draw = rng(seed + 1_000)
    given = {s: draw.normal(0, 3, [sizes[i] for i in s]) for s in sets}
    family = Propagation.of(sizes, cliques_of(sizes, frozenset(sets)), sets)
    margins, log_sum = family(family.vector(list(given.values())), 50.0)
    whole = brute(sizes, given, 50.0)
    for columns, at in zip(sets, family.turned, strict=True):
        np.testing.assert_allclose(margins[at], summed(whole, columns), rtol=0, atol=1e-10)
    logs = brute(sizes, given, 1.0)
    first = sum(float(a[(0,) * a.ndim]) for a in given.values())
    assert log_sum == pytest.approx(first - math.log(logs[(0,) * len(sizes)]), abs=1e-9)

    start = TreeModel(sizes, 50.0, (), tuple(given.items()))
    flat = [Measured(columns=s, counts=np.zeros(a.shape), sigma=1.0, rho=0.0) for s, a in given.items()]
    model = fit(sizes, flat, total=50.0, start=start, steps=0)
    for k in range(len(sizes) + 1):
        for columns in itertools.permutations(range(len(sizes)), min(k, 3)):
            np.testing.assert_allclose(model.margin(columns), summed(whole, columns), rtol=0, atol=1e-10)
    np.testing.assert_allclose(model.margin(tuple(range(len(sizes)))), whole, rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", range(60))
def test_the_size_is_foretold_and_each_set_is_inside_a_clique(seed: int) -> None:
    sizes, sets = random_sets(seed)
    cliques = cliques_of(sizes, frozenset(sets))
    margins = [Measured(columns=s, counts=np.ones([sizes[i] for i in s]), sigma=1.0, rho=0.0) for s in sets]
    assert size_of(sizes, sets) == cells_of(sizes, cliques) == fit(sizes, margins, steps=1).cells
    assert all(any(set(s) <= set(c) for c in cliques) for s in (*sets, *((i,) for i in range(len(sizes)))))
    assert not any(set(a) < set(b) for a, b in itertools.permutations(cliques, 2))


@pytest.mark.parametrize("seed", range(60))
def test_the_cliques_form_a_tree_in_which_shared_columns_are_passed_on(seed: int) -> None:
    """The running intersection property: a column's cliques hang together."""
    sizes, sets = random_sets(seed)
    parts = fit(sizes, [], cliques=sets, steps=0).parts
    for i, part in enumerate(parts):
        before = {c for p in parts[:i] for c in p.columns}
        assert part.parent < i and (part.parent >= 0 or i == 0)
        assert set(part.columns) & before == set(part.separator)
        assert i == 0 or set(part.separator) <= set(parts[part.parent].columns)


@pytest.mark.parametrize("seed", range(12))
def test_measured_margins_without_noise_are_reproduced(seed: int) -> None:
    sizes, sets = random_sets(seed)
    odds = rng(seed).dirichlet(np.ones(math.prod(sizes)))
    whole = rng(seed).multinomial(1_000, odds).reshape(sizes).astype(np.float64)
    margins = [measured(whole, s, 1e-3) for s in sets]
    model = fit(sizes, margins, until=0, steps=3_000)
    for margin in margins:
        assert np.abs(model.margin(margin.columns) - margin.counts).max() < 0.5


@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_is_that_of_the_best_table_and_a_warm_start_reaches_it_too(seed: int) -> None:
    """Projected gradients on the table's own cells, which know nothing of trees, find no lower loss."""
    sizes, sets = random_sets(seed)
    draw = rng(seed)
    truth = draw.multinomial(100, draw.dirichlet(np.ones(math.prod(sizes)))).reshape(sizes).astype(float)
    margins = [measured(truth, s, 5.0, draw) for s in sets]
    cold = fit(sizes, margins, total=100.0, until=0, steps=5_000)
    warm = fit(
        sizes,
        margins,
        total=100.0,
        until=0,
        steps=5_000,
        start=fit(sizes, margins[: len(margins) // 2], total=100.0, until=0),
    )
    least = loss_of(nearest(sizes, margins, 100.0), margins)
    assert cold.loss == pytest.approx(least, abs=1e-4 * (1 + least))
    assert warm.loss == pytest.approx(cold.loss, abs=1e-4 * (1 + least))
    for margin in margins:
        # The loss is strictly convex in the measured margins: one optimum has one value of them.
        gap = np.abs(warm.margin(margin.columns) - cold.margin(margin.columns)).max()
        assert gap < 0.1


def nearest(sizes: Columns, margins: list[Measured], total: float) -> Floats:
    """Projected gradients with Nesterov's momentum over all tables of this total."""
    cells = ahead = np.full(sizes, total / math.prod(sizes))
    curve = sum(math.prod(sizes) / m.counts.size / m.sigma**2 for m in margins) or 1.0
    for step in range(4_000):
        slope = np.zeros(sizes)
        for m in margins:
            gap = (summed(ahead, m.columns) - m.counts) / m.sigma**2
            slope += gap.reshape([s if i in m.columns else 1 for i, s in enumerate(sizes)])
        new = on_simplex(ahead - slope / curve, total)
        cells, ahead = new, new + step / (step + 3) * (new - cells)
    return cells


def on_simplex(cells: Floats, total: float) -> Floats:
    """The nearest array without negative numbers that has this sum."""
    falling = np.sort(cells.reshape(-1))[::-1]
    cut = (np.cumsum(falling) - total) / np.arange(1, cells.size + 1)
    return np.maximum(cells - cut[np.flatnonzero(falling > cut)[-1]], 0)


def test_the_descent_stops_where_the_noise_would_be_fitted() -> None:
    sizes, draw = (12, 12, 12), rng()
    truth = draw.multinomial(50_000, draw.dirichlet(np.full(1_728, 0.1))).reshape(sizes).astype(float)
    margins = [measured(truth, s, 20.0, draw) for s in ((0, 1), (1, 2))]
    fits = {until: fit(sizes, margins, until=until).loss for until in (0.0, 0.8, 30.0)}
    assert fits[0.0] < fits[0.8] <= 0.8 * 144 and fits[0.8] < fits[30.0] <= 30 * 144


def test_repeated_measurements_weigh_by_their_precision() -> None:
    one = Measured(columns=(0,), counts=np.array([10.0, 90.0]), sigma=1.0, rho=0.0)
    other = Measured(columns=(0,), counts=np.array([40.0, 60.0]), sigma=2.0, rho=0.0)
    found = fit((2,), [one, other], until=0).margin((0,))
    np.testing.assert_allclose(found, [16, 84], atol=1e-6)


def test_the_total_has_the_least_variance_of_all_weighted_sums() -> None:
    few = Measured(columns=(0,), counts=np.array([30.0, 70.0]), sigma=1.0, rho=0.0)  # variance 2
    many = Measured(columns=(1,), counts=np.full(8, 15.0), sigma=1.0, rho=0.0)  # variance 8
    assert total_of([few, many]) == pytest.approx(0.8 * 100 + 0.2 * 120)


@pytest.mark.parametrize("counts", [[-3.0, -5.0], [0.0, 0.0], [-1.0, 1.0]])
def test_a_total_of_nothing_is_one_row(counts: list[float]) -> None:
    model = fit((2, 3), [Measured(columns=(0,), counts=np.array(counts), sigma=4.0, rho=0.0)])
    assert model.total == 1 and model.margin((0, 1)).sum() == pytest.approx(1)
    assert model.rows(3, rng=rng()).shape == (3, 2)


def test_margins_that_do_not_fit_the_columns_are_refused() -> None:
    with pytest.raises(DataError, match="shape"):
        fit((2, 3), [Measured(columns=(0, 1), counts=np.zeros((3, 2)), sigma=1.0, rho=0.0)])
    with pytest.raises(DataError, match="rising"):
        fit((2, 2), [Measured(columns=(1, 0), counts=np.zeros((2, 2)), sigma=1.0, rho=0.0)])
    with pytest.raises(DataError, match="margin"):
        fit((2, 2), []).margin((0, 2))
