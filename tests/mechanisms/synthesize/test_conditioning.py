"""Models given what is possible: equal to rejection, by enumeration and by drawing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from confide.core.arrays import Floats
from confide.mechanisms.synthesize.columns.domain import Impossible
from confide.mechanisms.synthesize.conditioning import conditioned
from confide.mechanisms.synthesize.graphs.fitting import fit
from confide.mechanisms.synthesize.graphs.model import TreeModel
from confide.mechanisms.synthesize.measured import Fitted
from confide.mechanisms.synthesize.merging import Merging, Unmerged
from confide.views.margins import Measured

SIZES = (3, 4, 2, 3, 2)
SETS = ((0, 1), (1, 2), (2, 3), (4,))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def tree(seed: int = 0) -> TreeModel:
    """A chain of four columns, and one by itself."""
    counts = [rng(seed + i).gamma(0.7, 20, [SIZES[c] for c in one]) for i, one in enumerate(SETS)]
    measured = [Measured(columns=c, counts=a, sigma=1.0, rho=0.1) for c, a in zip(SETS, counts, strict=True)]
    return fit(SIZES, measured, total=500.0)


def zero(columns: tuple[int, ...], seed: int, share: float = 0.4) -> Impossible:
    return Impossible(columns, rng(seed).random([SIZES[c] for c in columns]) < share)


ZEROS = [zero((0, 3), 1), zero((1, 2), 2), zero((0, 2, 4), 3)]


def joint(model: Fitted) -> Floats:
    """The expected rows of each whole row: the model's own margin of all columns."""
    return model.margin(tuple(range(len(model.sizes))))


def rejected(model: Fitted, zeros: list[Impossible]) -> Floats:
    """What rejection sampling gives, row by row: the naive reference."""
    found = joint(model).copy()
    for cell in product(*map(range, model.sizes)):
        if any(one.cells[tuple(cell[c] for c in one.columns)] for one in zeros):
            found[cell] = 0
    return found * model.total / found.sum()


@pytest.mark.parametrize("zeros", [ZEROS[:1], ZEROS[1:2], ZEROS, [zero((3,), 5), zero((0, 1, 2, 3, 4), 6)]])
@pytest.mark.parametrize("seed", [0, 10])
def test_the_model_is_what_rejection_gives(zeros: list[Impossible], seed: int) -> None:
    model = tree(seed)
    found = conditioned(model, zeros)
    assert found is not model
    want = rejected(model, zeros)
    np.testing.assert_allclose(joint(found), want, atol=1e-10 * model.total)
    for pair in ((0, 3), (1, 4)):
        other = tuple(c for c in range(5) if c not in pair)
        np.testing.assert_allclose(found.margin(pair), want.sum(axis=other), atol=1e-10 * model.total)


def test_rows_keep_all_zeros_and_come_near_to_the_model() -> None:
    found, n = conditioned(tree(), ZEROS), 20_000
    rows = found.rows(n, rng=rng(4))
    assert not any(one.cells[tuple(rows[:, c] for c in one.columns)].any() for one in ZEROS)
    seen = np.zeros(SIZES)
    np.add.at(seen, tuple(rows.T), 1)
    want = rejected(tree(), ZEROS) * n / 500
    # Pearson's chi-squared of all possible cells; rounding to margins only lowers it. 5 deviations above the
    # number of cells is exceeded once in a million.
    there = want > 0
    chi = float(((seen - want)[there] ** 2 / want[there]).sum())
    assert not seen[~there].any() and chi < there.sum() + 5 * (2 * there.sum()) ** 0.5


def test_a_twin_that_clears_cells_without_propagation_fails() -> None:
    """Setting cells of a clique to 0 and leaving the rest alone is not what rejection gives."""
    model = tree()
    at = next(i for i, part in enumerate(model.parts) if set(part.columns) == {1, 2})
    part = model.parts[at]
    cells = ZEROS[1].cells if part.columns == (1, 2) else ZEROS[1].cells.T
    twin = np.where(cells, 0, part.margin)
    twin = twin * model.total / twin.sum()
    want = rejected(model, ZEROS[1:2]).sum(axis=tuple(c for c in range(5) if c not in (1, 2)))
    mine = conditioned(model, ZEROS[1:2])
    assert np.abs(mine.margin((0,)) - model.margin((0,))).max() > 1
    np.testing.assert_allclose(mine.margin((1, 2)), want, atol=1e-7)


def test_merged_values_are_told_apart_where_a_zero_does() -> None:
    inner = tree()
    # Six values of column 1 of which three are merged, and two of column 4 that are.
    first = Merging(np.array([0, 3, 1, 3, 2, 3]), 4, np.array([1, 0.2, 1, 0.5, 1, 0.3]))
    last = Merging(np.array([0, 1, 1]), 2, np.array([1, 0.6, 0.4]))
    plain = [Merging(np.arange(n), n, np.ones(n)) for n in SIZES]
    model = Unmerged(inner, (plain[0], first, plain[2], plain[3], last))
    zeros = [Impossible((1, 3), rng(2).random((6, 3)) < 0.4)]
    found = conditioned(model, zeros)
    assert isinstance(found, Unmerged) and found.mergings[4] is last
    np.testing.assert_allclose(joint(found), rejected(model, zeros), atol=1e-8)
    rows = found.rows(3_000, rng=rng(1))
    assert not zeros[0].cells[rows[:, 1], rows[:, 3]].any() and rows[:, 1].max() == 5


def test_what_does_not_fit_or_leaves_nothing_is_left_to_rejection() -> None:
    model = tree()
    assert conditioned(model, []) is model and conditioned(model, [zero((0, 3), 1, share=0.0)]) is model
    assert conditioned(model, [zero((0, 1, 2, 3, 4), 6)], most=100) is model
    some = conditioned(model, [ZEROS[1], zero((0, 1, 2, 3, 4), 6)], most=100)
    np.testing.assert_allclose(joint(some), rejected(model, [ZEROS[1]]), atol=1e-7)
    assert conditioned(model, [zero((0,), 1, share=2.0)]) is model
