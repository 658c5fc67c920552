"""What a coalition sees of a joint result keeps the budget; noise by one party alone does not."""

import numpy as np
import pytest

from confide.core.budget import Budget
from confide.core.evidence import Evidence
from confide.measure import Fixed, Rows, two_world
from confide.mechanisms.share.joint.binomial import BinomialNoise
from confide.mechanisms.share.joint.noise import JointNoise

RUNS = 200
TERMS = {"budget": Budget(1.0, 1e-6), "sensitivity": 1.0, "parties": 3, "colluding": 1}
LAWS = [JointNoise(words=4, **TERMS), BinomialNoise(words=1, **TERMS)]


def bound(noise: JointNoise | BinomialNoise, *, by_one: bool) -> float:
    """The lower bound on epsilon that party c proves in 200 runs.

    A coin says in each whether the record of another party is in. Party c knows all other records, takes its
    own noise away, and looks along the direction in which the record moves the vector.
    """
    coins = np.random.default_rng(3).random(RUNS) < 0.5
    record = np.full(noise.words, noise.steps / np.sqrt(noise.words))  # of norm 1, in steps
    score = np.empty(RUNS)
    for run, inside in enumerate(coins):
        mine = noise.drawn()
        others = np.zeros(noise.words) if by_one else noise.drawn() + noise.drawn()
        opened = mine + others + (record if inside else 0)
        score[run] = (opened - mine) @ record / (record @ record)
    evidence = Evidence.of(exposed=coins, score=score)
    rows = Rows.of(evidence)
    found = two_world(rows, confidence=0.999, threshold=Fixed(0.5), delta=1e-6, randomised=True)
    assert found.certified
    return found.low


@pytest.mark.parametrize("noise", LAWS, ids=["gaussian", "binomial"])
def test_a_coalition_stays_below_the_budget(noise: JointNoise | BinomialNoise) -> None:
    # The bound is above the truth, which is at most the budget, once in a thousand.
    assert bound(noise, by_one=False) <= noise.budget.epsilon


@pytest.mark.parametrize("noise", LAWS, ids=["gaussian", "binomial"])
def test_noise_by_one_party_is_caught(noise: JointNoise | BinomialNoise) -> None:
    assert bound(noise, by_one=True) > 2 * noise.budget.epsilon


def test_100_000_draws_are_exact_whole_numbers_of_the_planned_deviation() -> None:
    wide = JointNoise(budget=Budget(1.0, 1e-6), sensitivity=1.0, words=100_000, parties=3, colluding=1)
    drawn = wide.drawn()
    # The deviation of the sample is off by more than 5 of its own deviations once in a million.
    assert abs(drawn.std() / wide.grid.sigma - 1) < 5 / np.sqrt(2 * len(drawn))
