"""Residual reconstruction equals generalised least squares, and says what it cannot do."""

from __future__ import annotations

import math
from functools import reduce
from itertools import product

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.mechanisms.synthesize.measured import Measured
from confide.mechanisms.synthesize.residual import reconstruct

SIZES = (3, 2, 4)
SETS = [((0,), 5.0), ((0, 1), 3.0), ((1, 2), 7.0), ((0, 1), 2.0), ((2,), 1.5)]


def queries(columns: tuple[int, ...], sizes: tuple[int, ...] = SIZES) -> np.ndarray:
    """The margin as a matrix over all cells of the product: identities and rows of ones."""
    return reduce(np.kron, [np.eye(n) if c in columns else np.ones((1, n)) for c, n in enumerate(sizes)])


def measured(cells: np.ndarray, seed: int) -> list[Measured]:
    rng = np.random.default_rng(seed)
    found = []
    for columns, sigma in SETS:
        exact = queries(columns) @ cells
        counts = (exact + rng.normal(0, sigma, exact.shape)).reshape([SIZES[c] for c in columns])
        found.append(Measured(columns=columns, counts=counts, sigma=sigma, rho=0.1))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_margins_are_those_of_generalised_least_squares(seed: int) -> None:
    """The naive way: one matrix over all 24 cells, whitened, and its pseudo-inverse."""
    cells = np.random.default_rng(seed).integers(0, 30, math.prod(SIZES)).astype(float)
    margins = measured(cells, seed)
    whole = np.concatenate([queries(m.columns) / m.sigma for m in margins])
    best = np.linalg.pinv(whole) @ np.concatenate([m.counts.reshape(-1) / m.sigma for m in margins])
    model = reconstruct(SIZES, margins)
    for kept in product((False, True), repeat=3):
        columns = tuple(c for c in range(3) if kept[c])
        expected = (queries(columns) @ best).reshape([SIZES[c] for c in columns])
        np.testing.assert_allclose(model.margin(columns), expected, atol=1e-10)


def test_the_deviation_is_that_of_generalised_least_squares() -> None:
    margins = measured(np.ones(math.prod(SIZES)), 0)
    whole = np.concatenate([queries(m.columns) / m.sigma for m in margins])
    covariance = np.linalg.pinv(whole.T @ whole)
    model = reconstruct(SIZES, margins)
    for columns in [(), (0,), (1,), (2,), (0, 1), (1, 2)]:
        at = queries(columns)
        np.testing.assert_allclose(
            np.sqrt(np.diag(at @ covariance @ at.T)), model.deviation(columns), rtol=1e-9
        )
    assert model.deviation((0, 2)) == math.inf, "no measured margin holds both"


def test_a_known_number_of_rows_is_kept() -> None:
    model = reconstruct(SIZES, measured(np.ones(24), 0), total=24)
    assert model.margin((0, 1)).sum() == pytest.approx(24, abs=1e-9) and model.deviation(()) == 0


def test_cells_below_zero_are_taken_away_and_overlaps_agree() -> None:
    """Sparse cells under much noise: the nearest margins of no negative cell, against a general solver."""
    from scipy.optimize import minimize

    cells = np.zeros(24)
    cells[[0, 5, 9]] = (60, 40, 20)
    margins = measured(cells, 1)
    free = reconstruct(SIZES, margins)
    kept = reconstruct(SIZES, margins, nonnegative=True, steps=3_000)
    assert min(free.margin(m.columns).min() for m in margins) < -1
    for m in margins:
        assert kept.margin(m.columns).min() >= 0
    np.testing.assert_allclose(kept.margin((0, 1)).sum(0), kept.margin((1, 2)).sum(1), atol=0.5)
    whole = np.concatenate([queries(m.columns) / m.sigma for m in margins])
    answers = np.concatenate([m.counts.reshape(-1) / m.sigma for m in margins])
    at = np.concatenate([queries(c) for c in ((0, 1), (1, 2))])
    start = np.linalg.pinv(whole) @ answers
    solved = minimize(
        lambda p: ((whole @ p - answers) ** 2).sum() / 2,
        start,
        jac=lambda p: whole.T @ (whole @ p - answers),
        method="SLSQP",
        constraints=[
            {"type": "eq", "fun": lambda p: p.sum() - free.total},
            {"type": "ineq", "fun": lambda p: at @ p, "jac": lambda p: at},
        ],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    for columns in ((0, 1), (1, 2)):
        np.testing.assert_allclose(kept.margin(columns).reshape(-1), queries(columns) @ solved.x, atol=0.3)


def test_no_rows_and_no_wrong_shapes() -> None:
    model = reconstruct(SIZES, measured(np.ones(24), 0))
    with pytest.raises(DataError, match="answers margins only"):
        model.rows(5, rng=np.random.default_rng(0))
    with pytest.raises(DataError, match=r"shape \(2,\): give \(3,\)"):
        reconstruct(SIZES, [Measured(columns=(0,), counts=np.ones(2), sigma=1.0, rho=0.1)])
    with pytest.raises(DataError, match="nothing was measured"):
        reconstruct(SIZES, [])


def test_a_column_of_one_value_is_known() -> None:
    one = Measured(columns=(0,), counts=np.array([4.0, 6.0]), sigma=1.0, rho=0.1)
    model = reconstruct((2, 1), [one])
    assert model.margin((0, 1)).tolist() == [[4.0], [6.0]]
    assert model.deviation((0, 1)) == pytest.approx(1.0)
