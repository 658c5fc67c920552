"""Edges and bounds that a budget is spent on: cost, sensitivity, a broken twin, and what they find."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import PromiseError
from confide.mechanisms.statistics.counts import PrivateCounts
from confide.mechanisms.synthesize.columns.bins import Bins
from confide.mechanisms.synthesize.columns.breaches import breaches, broken
from confide.mechanisms.synthesize.columns.categories import Category
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.kinds import Integer, Real
from confide.mechanisms.synthesize.columns.private_bounds import PrivateBounds
from confide.mechanisms.synthesize.columns.quantile_bins import LEVELS, QuantileBins, with_quantile_bins
from confide.mechanisms.synthesize.columns.rules import rule_of
from confide.mechanisms.synthesize.columns.trimming import trimmed
from confide.mechanisms.synthesize.columns.zeros import Zero
from confide.views.statistics import PersonRows

pytest.importorskip("opendp")


@pytest.mark.parametrize("rho", [0.001, 0.01, 1.0])
@pytest.mark.parametrize("at_most", [1, 5])
def test_the_levels_cost_no_more_than_the_promise(rho: float, at_most: int) -> None:
    law = QuantileBins(rho=rho, at_most=at_most).law
    # One person moves a level by at most K in the L2 norm: rho = K^2 / (2 sigma^2) each.
    assert (LEVELS + 1) * at_most**2 / (2 * law.scale**2) <= rho
    law = QuantileBins(epsilon=rho, at_most=at_most).law
    assert (LEVELS + 1) * at_most / law.scale <= rho * (1 + 1e-12)


class Cells:
    """A law without noise that remembers the exact counts of each level."""

    scale = variance = 1e-9

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def __call__(self, exact: np.ndarray) -> np.ndarray:
        self.seen.append(np.asarray(exact))
        return np.asarray(exact)


@given(st.lists(st.floats(0, 1), min_size=0, max_size=30), st.lists(st.floats(0, 1), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_row_counts_once_in_a_level(rows: list[float], more: list[float]) -> None:
    """Cells of floats are disjoint, their ends included in one only; values at edges are the hard case."""
    values = np.array([*rows, 0.0, 0.25, 0.5, 1.0, *more])
    without, starts = values[: -len(more)], np.array([0.0, 0.25, 0.5])
    ends, rng = np.array([0.25, 0.5, 1.0]), np.random.default_rng(0)
    for which in ([0, 1, 2], [0, 1], [1]):
        counts = [
            QuantileBins(rho=1.0)._counts(np.sort(v), starts[which], ends[which], 1.0, Cells(), rng)  # type: ignore[arg-type]
            for v in (values, without)
        ]
        assert np.abs(counts[0] - counts[1]).sum() <= len(more)
        assert counts[0].sum() <= len(values)


def test_without_noise_bins_hold_the_same_number_of_rows() -> None:
    values = np.random.default_rng(0).permutation(2**14)
    made = QuantileBins(rho=1e4, noise="rehearsal")(
        values, Bins.even(0, 2**14 - 1, 16, whole=True), 16, rng=np.random.default_rng(1)
    )
    counts = np.bincount(made.codes(values))
    assert len(made) == 16 and np.abs(counts - 1024).max() < 1024 / 4


def test_a_value_that_many_have_is_a_bin_by_itself() -> None:
    """Like capital gains: nine in ten have none, and others up to 99,999."""
    rng = np.random.default_rng(2)
    values = np.where(rng.random(40_000) < 0.9, 0, rng.integers(1, 100_000, 40_000))
    made = QuantileBins(rho=0.002, noise="rehearsal")(
        values, Bins.even(0, 99_999, 16, whole=True), 16, rng=np.random.default_rng(3)
    )
    assert made.end(0) < 50 and len(made) > 4  # even bins would put 0 to 6,249 together


def test_secure_noise_differs_from_run_to_run() -> None:
    values, between = np.arange(3_000) % 997, Bins.even(0, 996, 8, whole=True)
    bins = QuantileBins(epsilon=1.0)
    made = {tuple(bins(values, between, 8, rng=np.random.default_rng(0)).starts.tolist()) for _ in range(5)}
    assert len(made) > 1


def test_edges_of_a_domain_and_of_its_differences() -> None:
    rng = np.random.default_rng(4)
    start = rng.integers(0, 500, 5_000)
    frame = pl.DataFrame({"start": start, "end": np.minimum(start + rng.geometric(0.2, 5_000), 999)})
    columns = (Integer("start", 0, 999), Integer("end", 0, 999, bins="quantiles:8"))
    domain = PublicDomain(columns, (rule_of("end >= start"),))
    assert domain.pending == ("end - start",)
    made = with_quantile_bins(frame, domain, QuantileBins(rho=1.0, noise="rehearsal"), rng=rng)
    assert made.pending == ()
    labels = made.modelled[1].domain.labels
    assert made.modelled[1].cuts is not None and made.modelled[1].cuts.end(0) <= 2 and len(labels) <= 8


@pytest.mark.parametrize("budget", [{}, {"rho": 1.0, "epsilon": 1.0}, {"rho": 0.0}, {"epsilon": math.inf}])
def test_budgets_that_cannot_be(budget: dict[str, float]) -> None:
    with pytest.raises(PromiseError):
        QuantileBins(**budget)


def found(mechanism: type[PrivateBounds], rows: int, times: int) -> int:
    """How often the one cell of a table with this number of rows passes."""
    find = mechanism(epsilon=1.0, candidates=np.array([0.0, 1.0]), noise="rehearsal")
    data = PersonRows.of(values=np.full(rows, 0.5))
    return sum(find(data, rng=np.random.default_rng((rows, i))).view is not None for i in range(times))


class Quarter(PrivateBounds):
    """A broken twin: a quarter of the noise."""

    def drawn(self, law, n, rng):
        return PrivateBounds.drawn(self, law, n, rng) // 4


def test_one_row_changes_the_chance_by_a_factor_of_e_at_most() -> None:
    """P(found) of neighbours at epsilon 1, from 1,500 draws each; the twin's ratio is e^4 in theory.

    The bounds are three deviations of the logarithm of the ratio, so that the first fails in one of 700 runs
    of other seeds.
    """
    far = (
        PrivateBounds(epsilon=1.0, candidates=np.array([0.0, 1.0])).law(l1=1, l2_squared=1).half_width(0.999)
    )
    for mechanism, keeps in ((PrivateBounds, True), (Quarter, False)):
        fewer, more = (found(mechanism, far + shift, 1_500) for shift in ((-2, -1) if keeps else (0, 1)))
        ratio = math.log(more / fewer)
        deviation = math.sqrt(1 / fewer + 1 / more)
        assert (ratio - 3 * deviation <= 1.0) if keeps else (ratio - 3 * deviation > 1.0)


def test_rules_that_rows_break_are_counted_under_noise() -> None:
    columns = (
        Integer("a", 0, 9),
        Integer("b", 0, 9, nulls=True),
        Integer("s", 0, 18, nulls=True),
        Category("city", ("x", "y")),
        Category("state", ("X", "Y")),
        Real("r", 0, 9),
    )
    rules = (rule_of("b >= a"), rule_of("s = a + b"), rule_of("city -> state", table={"x": "X", "y": "Y"}))
    domain = PublicDomain(columns, rules, (Zero({"a": ((0, 0),), "city": ("y",)}),))
    frame = pl.DataFrame(
        {
            "a": [1, 5, 0, 2, 2],
            "b": [2, 3, 5, None, None],
            "s": [3, 8, 6, None, 2],
            "city": ["x", "y", "y", "x", "x"],
            "state": ["X", "X", "Y", "X", "X"],
            "r": [0.0] * 5,
        }
    )
    want = {
        "b >= a": [False, True, False, False, False],
        "s = a + b": [False, False, True, False, True],
        "city -> state": [False, True, False, False, False],
        "never a 0 to 0, city y together": [False, False, True, False, False],
    }
    assert {text: rows.tolist() for text, rows in broken(frame, domain).items()} == want
    rows = breaches(frame, domain, people=np.array([0, 0, 1, 1, 1]))
    counts = PrivateCounts(epsilon=500.0, at_most=8, of="people", noise="rehearsal")
    view = counts(rows, rng=np.random.default_rng(0)).view
    assert dict(zip(view.keys, view.values.tolist(), strict=True)) == dict(
        zip(want, [1, 1, 1, 1], strict=True)
    )


def test_at_most_some_rows_of_each_person() -> None:
    frame = pl.DataFrame({"who": ["b"] * 5 + ["a"] * 2 + ["c"], "x": range(8)})
    made = trimmed(frame, "who", 2, noise="rehearsal", rng=np.random.default_rng(0))
    assert made.frame["who"].value_counts().sort("who")["count"].to_list() == [2, 2, 1]
    assert made.left_out == 3 and made.people.tolist() == [1, 1, 0, 0, 2]
    kept = np.zeros(5)
    for seed in range(400):
        which = trimmed(frame, "who", 2, noise="rehearsal", rng=np.random.default_rng(seed)).frame["x"]
        kept[[x for x in which.to_list() if x < 5]] += 1
    # Each row of the five is kept with 2 / 5: 160 of 400, give or take five deviations of 9.8.
    assert np.abs(kept - 160).max() < 49
