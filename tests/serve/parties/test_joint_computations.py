"""Joint computations by real processes equal the pooled ones."""

import numpy as np
import pytest
from tests.serve.parties.three import planned, run

from confide.core.budget import Budget
from confide.core.errors import BudgetError
from confide.mechanisms.share.joint import columns, fitting, inside, tallies
from confide.mechanisms.share.joint.noise import JointNoise, NoisyTotals
from confide.mechanisms.share.joint.plan import Column
from confide.mechanisms.share.joint.summing import SharedTotals, checked

pytest.importorskip("mpyc")
NAMED = (
    Column(name="x", low=-4, high=4, owner="a"),
    Column(name="z", low=-4, high=4, owner="b"),
    Column(name="y", low=-20, high=20, owner="c"),
)


def made(seed, count):
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(-4, 4, (2, count))
    return {"x": x, "z": z, "y": np.clip(1 + 2 * x - z + rng.normal(size=count), -20, 20)}


def pooled(parts):
    return np.column_stack([np.concatenate([part[c.name] for part in parts]) for c in NAMED])


def fitted(rows):
    return np.linalg.lstsq(np.column_stack([np.ones(len(rows)), rows[:, :-1]]), rows[:, -1])[0]


def test_rows_of_three_parties():
    plan, own = planned(columns=NAMED, rows=200)
    parts = {name: made(ord(name), 50 + place) for place, name in enumerate(plan.names)}

    async def several(name, engine):
        rows, totals = checked(parts[name], plan), SharedTotals(engine, plan)
        found = [await compute(rows, plan, totals) for compute in (tallies.moments, tallies.histogram)]
        return [*found, await fitting.least_squares(rows, plan, totals)]

    found = run(plan, own, several)
    rows = pooled(parts.values())
    for name in plan.names:
        moments, bins, fit = found[name][0]
        np.testing.assert_allclose(moments["mean"], rows.mean(0), atol=1e-13)
        assert bins["counts"].sum() == 3 * len(rows)
        np.testing.assert_allclose(fit["coefficients"], fitted(rows), atol=1e-10)


def test_columns_of_three_parties():
    plan, own = planned(columns=NAMED, rows=300, split="columns")
    data = made(0, 300)

    async def across(name, engine):
        mine = {c.name: data[c.name] for c in NAMED if c.owner == name}
        return await columns.least_squares(mine, plan, engine, name=name)

    found = run(plan, own, across)
    rows = pooled([data])
    scaled = np.column_stack([np.ones(300), rows / fitting.scales(plan)])
    for name in plan.names:
        result = found[name][0]
        assert np.abs(result["moments"] - scaled.T @ scaled).max() <= 300 * columns.ERROR
        np.testing.assert_allclose(result["coefficients"], fitted(rows), atol=1e-6)


@pytest.mark.slow
def test_least_squares_inside_open_the_coefficients_alone():
    plan, own = planned(columns=NAMED, rows=200, deadline=300.0, silence=60.0)
    parts = {name: made(ord(name), 60) for name in plan.names}

    async def hidden(name, engine):
        return await inside.least_squares(checked(parts[name], plan), plan, engine)

    found = run(plan, own, hidden)
    for name in plan.names:
        result = found[name][0]["coefficients"]
        np.testing.assert_allclose(result, fitted(pooled(parts.values())), atol=1e-6)


def test_noisy_histograms_are_paid_for_by_every_party_and_opened_as_often_as_planned():
    plan, own = planned(columns=NAMED[:1], rows=200)
    parts = {name: made(ord(name), 60) for name in plan.names}
    budget = Budget(1.0, 1e-6)
    noise = JointNoise(budget=budget, sensitivity=1.0, words=10, parties=3, colluding=1, times=2)

    async def noisy(name, engine):
        paid = []
        totals = NoisyTotals(engine, plan, noise, paid.append)
        rows = checked(parts[name], plan)
        counts = (await tallies.histogram(rows, plan, totals))["counts"]
        assert paid  # before the first opening, for all of them
        assert ((await tallies.histogram(rows, plan, totals))["counts"] != counts).any()
        with pytest.raises(BudgetError, match="2 vectors, which were opened"):
            await tallies.histogram(rows, plan, totals)
        return counts, paid

    found = run(plan, own, noisy)
    counts, paid = found["a"][0]
    assert paid == [noise.rho]
    assert all((found[name][0][0] == counts).all() for name in plan.names)
    x = np.concatenate([part["x"] for part in parts.values()])
    off = counts[0] - np.histogram(x, 10, (-4, 4))[0]
    assert 0 < np.abs(off).max() < 8 * noise.deviation  # above it once in 10^14


def test_a_ledger_that_does_not_pay_opens_nothing_for_anybody():
    plan, own = planned(columns=NAMED[:1], rows=200)
    noise = JointNoise(budget=Budget(1.0, 1e-6), sensitivity=1.0, words=10, parties=3, colluding=1)

    async def refusing(name, engine):
        def charge(rho):
            if name == "b":
                raise BudgetError("the ledger is spent")

        rows = checked(made(ord(name), 60), plan)
        return await tallies.histogram(rows, plan, NoisyTotals(engine, plan, noise, charge))

    found = run(plan, own, refusing)
    assert found["b"] == "BudgetError: the ledger is spent"
    assert all("party 'b' was lost" in found[name] for name in "ac")
