"""Plans: shares of a price, and coarser sums that keep their sensitivity and never overflow."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.releases.session.rooms import session

from confide.core.budget import Budget, Unit
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, LaplaceIntegers
from confide.releases.session.planning import FINE, part, plan
from confide.releases.session.prices import Price
from confide.releases.sql import Column, PrivateTable, Schema, parse
from confide.releases.sql.sensitivity import Sensitivity

PRICE = Price.of(epsilon=1, rho=None, delta=None)
GAUSSIAN = Price.of(epsilon=None, rho="0.5", delta=None)
WHOLE = st.integers(-(2**70), 2**70)


@given(st.lists(st.tuples(WHOLE, st.integers(-(2**40), 2**40)), min_size=1, max_size=6))
def test_coarser_sums_move_by_no_more_than_their_noise_is_made_for(entries: list[tuple[int, int]]) -> None:
    """Two vectors of sums that differ by what the sensitivity says, and their coarse forms."""
    moves = [d for _, d in entries]
    bound = Sensitivity(
        groups=len(moves),
        largest=max(1, *(abs(d) for d in moves)),
        l1=max(1, sum(abs(d) for d in moves)),
        l2_squared=max(1, sum(d * d for d in moves)),
    )
    made, gaussian = part(bound, PRICE, Fraction(1)), part(bound, GAUSSIAN, Fraction(1))
    coarse = [((s + d) >> made.bits) - (s >> made.bits) for s, d in entries]
    assert isinstance(made.noise, LaplaceIntegers) and isinstance(gaussian.noise, GaussianIntegers)
    assert sum(map(abs, coarse)) <= made.noise.l1
    assert sum(c * c for c in coarse) <= gaussian.noise.l2_squared
    assert made.noise.epsilon <= 1 and gaussian.noise.rho <= 0.5
    # The noise is not made larger by more than the coarseness and a step for each entry.
    assert made.noise.l1 <= (bound.l1 >> made.bits) + len(moves)


def schema() -> Schema:
    columns = {"u": Column(kind="integer"), "big": Column(kind="integer"), "x": Column(kind="float")}
    return Schema(PrivateTable(name="t", columns=columns, unit="u", at_most=3))


def test_several_sums_share_one_price_and_equal_sums_are_paid_once() -> None:
    """A count, a mean of a sum and that count's twin, a variance: rows, present, total and squares."""
    text = "select count(*), avg(clip(x, 0, 9)), var(clip(x, 0, 9)), stddev(clip(x, 0, 9)) from t"
    made = plan(parse(text, schema()), PRICE)
    spent = [p.noise.epsilon for p in made.parts.values() if isinstance(p.noise, LaplaceIntegers)]
    assert len(spent) == 4 and math.fsum(spent) <= 1 and min(spent) > 0.2499999


def test_a_count_is_never_coarse_and_a_wide_sum_is() -> None:
    made = plan(parse("select count(*), sum(clip(big, 0, 4611686018427387904)) from t", schema()), PRICE)
    bits = [p.bits for p in made.parts.values()]
    assert bits == [0, (3 * 2**62).bit_length() - FINE]


def test_sums_of_the_largest_numbers_come_back_right(tmp_path: Path) -> None:
    """3,000 times 2^62 is beyond 64 bits, and so are the squares: the answer is within its interval."""
    frame = pl.DataFrame({"u": range(3_000), "big": [2**62] * 3_000, "x": [1e9, -1e9, 0.0] * 1_000})
    frame.write_parquet(tmp_path / "t.parquet")
    unit = Unit.person("u", at_most=1)
    with session(tmp_path / "t.parquet", unit=unit, budget=Budget(100.0)) as opened:
        found = opened.sql(
            "select sum(clip(big, -4611686018427387904, 4611686018427387904)) as s, "
            "var(clip(x, -1e9, 1e9)) as v from t",
            epsilon=100,
        ).frame.row(0, named=True)
    # Noise of scale 2^62 / 25 strays by 0.0002 of the sum once in 10^6 runs, that of the squares likewise.
    assert abs(found["s"] / (3_000 * 2.0**62) - 1) < 1e-3
    assert abs(found["v"] / 6.6688896e17 - 1) < 1e-2
