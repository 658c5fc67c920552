"""Joint computations equal those of the pooled rows."""

import asyncio

import numpy as np
import pytest
from tests.serve.parties.three import planned

from confide.core.errors import DataError
from confide.mechanisms.share.joint import fitting, tallies
from confide.mechanisms.share.joint.plan import Column
from confide.mechanisms.share.joint.summing import SharedFindingError, checked, errors, on_grid, steps

COLUMNS = (
    Column(name="x", low=-3, high=5),
    Column(name="z", low=0, high=100),
    Column(name="y", low=-50, high=50),
)


class Meeting:
    """Totals of tasks of one process, on the grid of the real ones, with no sharing."""

    def __init__(self, parties: int) -> None:
        self.parties, self.given = parties, []

    async def __call__(self, values, bounds):
        place = len(self.given)
        self.given.append(on_grid(values, bounds))
        while len(self.given) < place - place % self.parties + self.parties:
            await asyncio.sleep(0)
        first = place - place % self.parties
        whole = [sum(numbers) for numbers in zip(*self.given[first : first + self.parties], strict=True)]
        return np.array([float(w) for w in whole]) / steps(bounds)


def jointly(compute, plan, parts):
    """The result of every party, which must be one."""

    async def all_of_them():
        meeting = Meeting(len(parts))
        return await asyncio.gather(*(compute(part, plan, meeting) for part in parts))

    found = asyncio.run(all_of_them())
    for other in found[1:]:
        assert all((other[name] == found[0][name]).all() for name in other)
    return found[0]


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    x, z = rng.uniform(-3, 5, 90), rng.uniform(0, 100, 90)
    y = np.clip(2 + 3 * x - 0.2 * z + rng.normal(size=90), -50, 50)
    return np.column_stack([x, z, y])


def plan_of(columns=COLUMNS, **settings):
    plan, _ = planned(columns=columns, rows=60, settings=tuple(settings.items()))
    return plan


def test_moments(rows):
    found = jointly(tallies.moments, plan_of(), [rows[:20], rows[20:33], rows[33:]])
    np.testing.assert_allclose(found["mean"], rows.mean(0), rtol=1e-13)
    np.testing.assert_allclose(found["variance"], rows.var(0, ddof=1), rtol=1e-12)
    assert found["count"] == 90


def test_histograms_and_tables_are_exact(rows):
    found = jointly(tallies.histogram, plan_of(bins=7.0), [rows[:50], rows[50:]])
    for line, column, bounds in zip(found["counts"], rows.T, COLUMNS, strict=True):
        assert (line == np.histogram(column, 7, (bounds.low, bounds.high))[0]).all()
    codes = np.random.default_rng(1).integers([0, 5], [3, 7], (90, 2)).astype(float)
    columns = (Column(name="sex", low=0, high=2), Column(name="ward", low=5, high=6))
    counts = jointly(tallies.table, plan_of(columns), [codes[:40], codes[40:]])["counts"]
    assert all(counts[a, b - 5] == ((codes == (a, b)).all(1)).sum() for a in range(3) for b in (5, 6))


def test_least_squares_and_ridge(rows):
    design = np.column_stack([np.ones(90), rows[:, :2]])
    found = jointly(fitting.least_squares, plan_of(), [rows[:60], rows[60:]])["coefficients"]
    np.testing.assert_allclose(found, np.linalg.lstsq(design, rows[:, 2])[0], rtol=1e-9)
    ridge = jointly(fitting.least_squares, plan_of(penalty=5.0), [rows[:60], rows[60:]])["coefficients"]
    want = np.linalg.solve(design.T @ design + np.diag([0, 5, 5]), design.T @ rows[:, 2])
    np.testing.assert_allclose(ridge, want, rtol=1e-9)


def test_columns_that_determine_each_other_are_refused(rows):
    double = np.column_stack([rows[:, 0], rows[:, 0], rows[:, 2]])
    columns = (COLUMNS[0], Column(name="again", low=-3, high=5), COLUMNS[2])
    with pytest.raises(DataError, match="determine each other"):
        jointly(fitting.least_squares, plan_of(columns), [double[:50], double[50:]])


def test_logistic_regression_is_where_the_pooled_gradient_vanishes(rows):
    chance = 1 / (1 + np.exp(-(0.5 * rows[:, 0] - 0.01 * rows[:, 1])))
    target = (np.random.default_rng(0).random(90) < chance).astype(float)
    columns = (*COLUMNS[:2], Column(name="ill", low=0, high=1))
    given = np.column_stack([rows[:, :2], target])
    beta = jointly(fitting.logistic, plan_of(columns, penalty=0.1), [given[:60], given[60:]])["coefficients"]
    design = np.column_stack([np.ones(90), rows[:, :2]])
    score = design.T @ (target - 1 / (1 + np.exp(-design @ beta))) - 0.1 * np.array([0, *beta[1:]])
    assert np.abs(score).max() < 1e-8


def test_k_means_is_lloyd_from_the_same_start(rows):
    plan = plan_of(clusters=3.0, steps=6.0)
    centres = fitting.start(plan)
    for _ in range(6):
        nearest = np.array([min(range(3), key=lambda k: ((row - centres[k]) ** 2).sum()) for row in rows])
        centres = np.array(
            [rows[nearest == k].mean(0) if (nearest == k).any() else centres[k] for k in range(3)]
        )
    found = jointly(fitting.k_means, plan, [rows[:41], rows[41:]])
    np.testing.assert_allclose(found["centres"], centres, rtol=1e-12)
    assert found["sizes"].sum() == 90


def test_the_error_of_a_sum_is_below_its_bound():
    rng = np.random.default_rng(0)
    bounds = 10.0 ** rng.integers(-8, 9, 500)
    parts = rng.uniform(-1, 1, (3, 500)) * bounds
    whole = np.array([on_grid(part, bounds) for part in parts], object)
    assert max(abs(step) for step in whole.ravel()) <= 2**120
    total = whole.sum(0).astype(float) / steps(bounds)
    assert (np.abs(total - parts.sum(0)) <= errors(bounds, 3) + 1e-15 * bounds).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": [0.0, 9.0]}, "1 values of 'x' are outside -3 to 5 or missing, the first in row 2"),
        ({"z": [np.nan, 1.0]}, "1 values of 'z'"),
        ({"y": [1.0]}, "give equal ones"),
        ({"y": None}, "no column 'y'"),
    ],
)
def test_records_that_do_not_fit_the_plan_are_refused(change, said):
    records = {"x": [0.0, 1.0], "z": [1.0, 2.0], "y": [0.0, 0.0], **change}
    with pytest.raises(DataError, match=said):
        checked({name: np.array(v) for name, v in records.items() if v is not None}, plan_of())


def test_a_statistic_beyond_its_bound_is_refused_and_never_wraps():
    with pytest.raises(DataError, match="1 of 2 statistics are beyond"):
        on_grid(np.array([1.0, 2.1]), np.array([1.0, 2.0]))


@pytest.mark.parametrize("wide", [1.0, 1e7, 1e12])
def test_bounds_that_are_far_too_wide_cost_no_digits_that_are_not_named(rows, wide):
    """The error that is said holds beside arithmetic in long doubles; the columns keep within 100 of 1e14."""
    far = tuple(Column(name=c.name, low=c.low * wide, high=c.high * wide) for c in COLUMNS)
    plan, parts = plan_of(far), [rows[:30], rows[30:]]
    found = jointly(fitting.covariance, plan, parts)
    exact = rows.astype(np.longdouble)
    centred = exact - exact.mean(0)
    assert (np.abs(found["covariance"] - centred.T @ centred / 89) <= found["error"]).all()
    assert found["error"].max() < 1e-8
    single = jointly(tallies.moments, plan, parts)
    assert (np.abs(single["variance"] - (centred**2).sum(0) / 89) <= single["error"]).all()
    fit = jointly(fitting.least_squares, plan, parts)
    design = np.column_stack([np.ones(90), rows[:, :2]])
    close = np.linalg.lstsq(design, rows[:, 2], rcond=None)[0]
    assert (np.abs(fit["coefficients"] - close) <= fit["error"] + 1e-13).all() and fit["error"].max() < 1e-8


def test_columns_that_almost_determine_each_other_are_refused_or_said_to_be_uncertain(rows):
    twin = np.column_stack([rows[:, 0], rows[:, 0] * 10 + 50 + 1e-9 * rows[:, 2], rows[:, 2]])
    with pytest.raises(DataError, match="determine each other"):
        jointly(fitting.least_squares, plan_of(), [twin[:30], twin[30:]])
    near = np.column_stack([rows[:, 0], rows[:, 0] * 10 + 50 + 1e-4 * rows[:, 2], rows[:, 2]])
    found = jointly(fitting.least_squares, plan_of(), [near[:30], near[30:]])
    assert found["error"].max() > 1e-7


def test_a_target_that_the_columns_determine_has_no_logistic_coefficients(rows):
    columns = (*COLUMNS[:2], Column(name="y", low=0, high=1))
    parted = np.column_stack([rows[:, :2], rows[:, 0] > 1])
    with pytest.raises(SharedFindingError, match="still move by"):
        jointly(fitting.logistic, plan_of(columns), [parted[:30], parted[30:]])
