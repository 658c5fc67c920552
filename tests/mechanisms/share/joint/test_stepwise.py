"""Noise in every step: its premise, its limit without noise, and what a coalition sees of all steps."""

import asyncio
import math
from dataclasses import replace

import numpy as np
import pytest
from tests.mechanisms.share.joint.test_computations import jointly
from tests.serve.parties.three import planned

from confide.core.budget import Budget
from confide.core.evidence import Evidence
from confide.measure import Fixed, Rows, two_world
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian
from confide.mechanisms.noise.words import secure_words
from confide.mechanisms.share.joint import fitting, stepwise
from confide.mechanisms.share.joint.noise import JointNoise
from confide.mechanisms.share.joint.plan import Column

COLUMNS = (
    Column(name="x", low=-3, high=5),
    Column(name="z", low=0, high=100),
    Column(name="y", low=0, high=1),
)
RUNS = 200


def plan_of(**settings):
    plan, _ = planned(columns=COLUMNS, rows=90, settings=tuple(settings.items()))
    return plan


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    x, z = rng.uniform(-3, 5, 90), rng.uniform(0, 100, 90)
    chance = 1 / (1 + np.exp(-(0.5 * x - 0.01 * z)))
    return np.column_stack([x, z, rng.random(90) < chance])


def parts(rows):
    return [rows[:20], rows[20:55], rows[55:]]


def test_without_noise_the_steps_are_newtons_and_lloyds(rows):
    plan = plan_of(steps=9.0, penalty=0.1, clusters=3.0)
    for noisy, plain in ((stepwise.logistic, fitting.logistic), (stepwise.k_means, fitting.k_means)):

        async def still(given, plan, totals, noisy=noisy):
            return await noisy(given, plan, totals, 0.0)

        found, want = jointly(still, plan, parts(rows)), jointly(plain, plan, parts(rows))
        for name in found:
            np.testing.assert_allclose(found[name], want[name], rtol=1e-9)


def test_gradient_and_hessian_together_move_the_vector_by_one_and_a_heavier_hessian_by_more():
    q = np.linspace(0, 1, 10_001)  # |t - p|, for a record of the length C

    def longest(weight):
        return np.hypot(q, weight * q * (1 - q)).max()

    assert longest(stepwise.CURVATURE) == 1
    assert longest(1.01 * stepwise.CURVATURE) > 1.001
    golden = (math.sqrt(5) - 1) / 2
    assert math.hypot(golden, stepwise.CURVATURE * golden * (1 - golden)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("compute", [stepwise.logistic, stepwise.k_means])
def test_as_many_steps_as_planned_whatever_is_opened(compute, rows):
    for answer in (0.0, 1e6, -50.0):
        asked = []

        async def totals(values, bounds, answer=answer, asked=asked):
            asked.append(values)
            return np.full(len(bounds), answer)

        found = asyncio.run(compute(rows, plan_of(steps=4.0), totals, 2.0))
        assert len(asked) == 4
        assert all(np.isfinite(values).all() for values in found.values())
        if "centres" in found:
            low, high = [-3, 0, 0], [5, 100, 1]
            assert ((low <= found["centres"]) & (found["centres"] <= high)).all()


def bound(*, fresh) -> float:
    """The lower bound on epsilon that a party proves in 200 runs of four steps of a logistic regression.

    A coin says in each whether one record of another party is in. The adversary knows all other records (so
    that they may as well be none) and the record, and takes its own noise away. At each step it computes what
    the record would add. The twin draws once for all steps: differences between steps are then without noise.
    """
    plan = replace(plan_of(steps=4.0, length=1.1), epsilon=1.0, delta=1e-6)
    words, moved = stepwise.logistic_vector(plan)
    noise = JointNoise(
        budget=Budget(1.0, 1e-6), sensitivity=moved, words=words, parties=3, colluding=1, times=4
    )
    record = np.array([[5.0, 100.0, 0.0]])
    coins = np.random.default_rng(3).random(RUNS) < 0.5
    score = np.empty(RUNS)
    # At once, as to draw many times takes longer: the noise of both honest parties at every step.
    drawn = discrete_gaussian(2 * RUNS * 4 * words, sigma=noise.grid.sigma, words=secure_words)
    left = drawn.reshape(2, RUNS, 4, words).sum(0)
    for run, inside in enumerate(coins):
        seen, added = [], []

        async def opened(values, bounds, run=run, seen=seen):
            seen.append(values + left[run, len(seen) if fresh else 0] / noise.steps)
            return seen[-1]

        async def again(values, bounds, seen=seen, added=added):
            added.append(values)
            return seen[len(added) - 1]

        given = record if inside else record[:0]
        asyncio.run(stepwise.logistic(given, plan, opened, noise.deviation))
        asyncio.run(stepwise.logistic(record, plan, again, noise.deviation))
        there, would = np.array(seen), np.array(added)
        if not fresh:
            there, would = there[1:] - there[0], would[1:] - would[0]
        score[run] = (there * would).sum() / (would**2).sum()
    rows = Rows.of(Evidence.of(exposed=coins, score=score))
    found = two_world(rows, confidence=0.999, threshold=Fixed(0.5), delta=1e-6, randomised=True)
    assert found.certified
    return found.low


def test_a_coalition_that_sees_every_step_stays_below_the_budget():
    assert bound(fresh=True) <= 1.0  # above it at most once in a thousand


def test_noise_that_is_drawn_once_for_all_steps_is_caught():
    assert bound(fresh=False) > 2.0
