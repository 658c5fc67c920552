"""Joint computations: results as those of the pooled rows, and what one record moves of what is opened."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.mechanisms.share.joint.test_computations import Meeting
from tests.serve.parties.three import planned

from confide.mechanisms.share.joint.plan import Column
from confide.releases.join.computations import COMPUTATIONS, noise_of
from confide.releases.join.computing import Computing, PerRecord
from confide.releases.join.records import Held

pytest.importorskip("cryptography")
COLUMNS = (
    Column(name="x", low=-3, high=5),
    Column(name="z", low=0, high=100),
    Column(name="y", low=0, high=1),
)
CODES = (Column(name="sex", low=0, high=1), Column(name="ward", low=5, high=8))
NOISY = list(COMPUTATIONS)


def plan_of(computation, columns=COLUMNS, **terms):
    plan, _ = planned(computation=computation, columns=columns, rows=60, **terms)
    return plan


def drawn(count, columns=COLUMNS, seed=0):
    rng = np.random.default_rng(seed)
    low, high = (np.array([getattr(column, end) for column in columns]) for end in ("low", "high"))
    values = rng.uniform(low, high, (count, len(columns)))
    return np.rint(values) if columns is CODES else np.column_stack([values[:, :-1], values[:, -1] > 0.5])


def frame_of(computation, rows, **terms):
    """The table that three parties get."""
    plan = plan_of(computation, CODES if computation == "table" else COLUMNS, **terms)
    made = COMPUTATIONS[computation]

    async def all_of_them():
        meeting = Meeting(3)
        parts = [rows[:20], rows[20:33], rows[33:]]
        return await asyncio.gather(*(made.by_rows(part, plan, meeting) for part in parts))

    return made.frame(plan, asyncio.run(all_of_them())[0])


def test_results_are_those_of_the_pooled_rows():
    rows = drawn(70)
    names = ["x", "z", "y"]
    means = frame_of("variance", rows)
    assert means["column"].to_list() == names
    assert means["count"].to_list() == [70] * 3
    np.testing.assert_allclose(means["mean"], rows.mean(0), rtol=1e-12)
    np.testing.assert_allclose(means["variance"], rows.var(0, ddof=1), rtol=1e-11)
    np.testing.assert_allclose(frame_of("mean", rows)["mean"], rows.mean(0), rtol=1e-12)
    np.testing.assert_allclose(frame_of("sum", rows)["sum"], rows.sum(0), rtol=1e-12)
    spread = frame_of("covariance", rows)
    found = spread.select(f"covariance with {name}" for name in names).to_numpy()
    np.testing.assert_allclose(found, np.cov(rows.T), atol=1e-9)
    counts = frame_of("histogram", rows, settings=(("bins", 4.0),))
    assert counts["low"].to_list()[:4] == [-3, -1, 1, 3]
    assert counts["count"].to_list()[:4] == np.histogram(rows[:, 0], 4, (-3, 5))[0].tolist()
    design = np.column_stack([np.ones(70), rows[:, :2]])
    fit = frame_of("ols", rows)
    assert fit["term"].to_list() == ["intercept", "x", "z"]
    np.testing.assert_allclose(fit["coefficient"], np.linalg.lstsq(design, rows[:, 2])[0], atol=1e-10)
    groups = frame_of("kmeans", rows, settings=(("clusters", 2.0),))
    assert groups["size"].sum() == 70
    assert groups.columns == ["cluster", "size", "x", "z", "y"]


def test_a_table_counts_every_combination_of_codes():
    rows = drawn(70, CODES)
    found = frame_of("table", rows)
    assert found.height == 8
    pairs = pl.DataFrame(rows.astype(int), schema=["sex", "ward"]).group_by("sex", "ward").len("count")
    want = {tuple(row[:2]): row[2] for row in pairs.rows()}
    assert {(sex, ward): count for sex, ward, count in found.rows() if count} == want


@pytest.mark.parametrize("computation", NOISY)
def test_one_record_moves_the_opened_vector_by_no_more_than_the_noise_hides(computation):
    # The premise of the promise: with columns divided by what one record may add, the vector of a party
    # moves by at most `sensitivity` in the Euclidean norm when a record is added. The corners reach it.
    columns = CODES if computation == "table" else COLUMNS
    plan = replace(plan_of(computation, columns), epsilon=1.0, delta=1e-6)
    noise = noise_of(plan)
    given = []

    async def note(values, bounds):
        assert np.abs(values).max() <= bounds.max()
        given.append(values)
        return np.full(len(values), 2.0) + np.arange(len(values))

    def vector(rows):
        made, totals = COMPUTATIONS[computation], PerRecord(note, plan)
        steps = made.stepwise and made.stepwise(rows, plan, totals, 1.0)
        try:
            asyncio.run(steps or made.by_rows(rows, plan, totals))
        except Exception:  # what is made of the answer is no matter here
            assert given
        return given[-1]

    rows = drawn(30, columns)
    low, high = (np.array([getattr(column, end) for column in columns]) for end in ("low", "high"))
    corners = [np.where(np.arange(len(columns)) == place, low, high) for place in range(-1, len(columns))]
    moved = [
        np.linalg.norm(vector(np.vstack([rows, record])) - vector(rows))
        for record in [*rows[:5], *corners, low]
    ]
    assert len(given[0]) == noise.words
    assert max(moved) <= noise.sensitivity * (1 + 1e-9)
    # A logistic regression reaches it where a record is sure to be of the other class.
    assert max(moved) >= noise.sensitivity * (0.9 if computation == "logistic" else 1 - 1e-9)


def test_noise_of_columns_in_their_own_units_would_hide_too_little():
    # The broken twin: undivided, one record moves the sum of z by up to 100.
    plan = replace(plan_of("sum"), epsilon=1.0, delta=1e-6)
    given = []

    async def note(values, bounds):
        given.append(values)
        return values

    for rows in (drawn(30), np.vstack([drawn(30), [5, 100, 1]])):
        asyncio.run(COMPUTATIONS["sum"].by_rows(rows, plan, note))
    assert np.linalg.norm(given[1] - given[0]) > 50 * noise_of(plan).sensitivity


def test_steps_with_noise_are_charged_once_and_the_result_says_what_it_is():
    plan = replace(plan_of("kmeans", settings=(("steps", 3.0),)), epsilon=1.0, delta=1e-6)
    paid, rows = [], drawn(30)

    class Alone:
        parties = 3

        async def totals(self, mine, *, count, bound, owners):
            assert len(mine) == count and max(map(abs, mine)) <= bound
            return mine

    computing = Computing(plan, "a", Held({}, rows), paid.append)
    found = asyncio.run(computing(Alone()))
    assert paid == [noise_of(plan).rho]
    assert (found["sizes"] % 1 != 0).any()
    said = computing.exactness
    assert "8 sums opened 3 times" in said and "discrete Gaussian noise of deviation" in said
    assert "not that of the pooled records" in said
