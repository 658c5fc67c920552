"""Thresholds: no choice flatters what is reported."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.core.errors import EvidenceError
from confide.measure.rows import Rows, mix
from confide.measure.thresholds import (
    Bonferroni,
    Choice,
    Counts,
    Fixed,
    Split,
    Threshold,
    count,
    spread_ranks,
)


def gain(counts: Counts, error: float) -> np.ndarray:
    return counts.true / counts.exposed - counts.false / counts.control


def rows_of(exposed: np.ndarray, claims: np.ndarray) -> Rows:
    return Rows(exposed, claims, mix(np.arange(len(claims))))


class Oracle:
    """The mistake: choose and report on the same rows, for nothing."""

    def choose(self, rows: Rows, objective, *, error: float) -> Choice:
        at = np.unique(rows.claims)
        best = at[[np.argmax(objective(count(rows, at), error))]]
        return Choice(float(best[0]), count(rows, best), 1, rows)


def test_counting_is_strictly_above() -> None:
    rows = rows_of(np.array([True, True, False, False]), np.array([1.0, -np.inf, 1.0, 0.0]))
    got = count(rows, np.array([-np.inf, 0.0, 1.0]))
    assert (got.true.tolist(), got.false.tolist()) == ([1, 1, 0], [2, 1, 0])


@pytest.mark.parametrize("strategy", [Split(), Split(0.3), Bonferroni(25), Fixed(0.0)], ids=str)
def test_the_reported_gain_is_not_optimistic(strategy: Threshold) -> None:
    """Under the null the mean gain over 400 audits is 0; the oracle's is not.

    The mean's standard error is under 0.006: five of them are one false alarm in two million.
    For Bonferroni the gain itself may be optimistic; its corrected limits are tested with the bounds.
    """
    rng = np.random.default_rng(0)
    gains, oracle = [], []
    for _ in range(400):
        rows = rows_of(np.arange(200) < 100, rng.standard_normal(200))
        gains.append(gain(strategy.choose(rows, gain, error=0.05).counts, 0.05)[0])
        oracle.append(gain(Oracle().choose(rows, gain, error=0.05).counts, 0.05)[0])
    if not isinstance(strategy, Bonferroni):
        assert abs(np.mean(gains)) < 0.03
    assert np.mean(oracle) > 0.05, "this test could not have failed"


def test_split_takes_the_stated_part_of_each_side() -> None:
    rows = rows_of(np.arange(1000) < 400, np.random.default_rng(0).standard_normal(1000))
    got = Split(0.25).choose(rows, gain, error=0.05).counts
    assert (got.exposed, got.control) == (300, 450)


def test_split_keeps_a_unit_together() -> None:
    """Each world has 6 equal rows, and no two worlds have the same score: no score is on both sides."""
    unit = mix(np.repeat(np.arange(100), 6))
    claims = np.repeat(np.arange(100.0), 6)
    rows = Rows(np.tile([True, False], 300), claims, unit)
    got = Split().choose(rows, gain, error=0.05).counts
    assert got.exposed == got.control
    assert got.exposed % 3 == 0
    assert 100 < got.exposed < 200


def test_ties_do_not_flatter_a_rank() -> None:
    """Every control scores 0 or 1: the limit comes from the rank, not from the few strictly above."""
    control = np.repeat([1.0, 0.0], [3, 97])
    rows = rows_of(np.arange(200) < 100, np.concatenate([np.ones(100), control]))
    got = Bonferroni(3).choose(rows, gain, error=0.05).counts
    ranks = spread_ranks(100, 3)
    assert got.false == [3]
    assert got.most_false == [ranks[ranks >= 3][0]]


def test_split_of_too_few_says_what_to_do() -> None:
    with pytest.raises(EvidenceError, match="1 exposed and 3 control rows are too few"):
        Split().choose(rows_of(np.array([True, False, False, False]), np.arange(4.0)), gain, error=0.05)


def test_the_hash_spreads_neighbours() -> None:
    """Bits of neighbouring ids are as coins: 64 bits over 20 000 ids, each within five deviations."""
    key = mix(np.arange(20_000))
    assert len(np.unique(key)) == 20_000
    ones = [(key >> np.uint64(b) & np.uint64(1)).sum() for b in range(64)]
    assert np.abs(np.array(ones, float) - 10_000).max() < 5 * np.sqrt(5000)
    assert int(mix(np.array([0]))[0]) == 0xE220A8397B1DCDAF  # the first output of splitmix64 from seed 0


@given(st.integers(0, 100_000), st.integers(1, 600))
def test_ranks_are_few_inside_and_rising(n: int, most: int) -> None:
    ranks = spread_ranks(n, most)
    assert len(ranks) == n if n <= most else 0 < len(ranks) <= most
    assert (np.diff(ranks) > 0).all()
    assert n == 0 or (ranks[0] == 0 and ranks[-1] <= n - 1)


@pytest.mark.parametrize("make", [lambda: Split(0.0), lambda: Split(1.0), lambda: Bonferroni(0)])
def test_a_strategy_out_of_range_is_refused(make) -> None:
    with pytest.raises(EvidenceError, match="give"):
        make()


@pytest.mark.parametrize("worlds", [2, 3, 4])
def test_few_worlds_are_split_even_where_their_hashes_fall_on_one_side(worlds: int) -> None:
    """The hashes of 0 and 1, and of 2 too, lie on one side: worlds stay whole, and both sides have some."""
    world = np.repeat(np.arange(worlds), 10)
    rows = Rows(np.tile([True, False], 5 * worlds), np.arange(10.0 * worlds), mix(world))
    got = Split().choose(rows, gain, error=0.05).counts
    assert got.exposed == got.control and got.exposed % 5 == 0 and 0 < got.exposed < 5 * worlds
