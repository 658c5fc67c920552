"""Intervals: as often right as they say, in answers of the real mechanism to many groups at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.releases.session.rooms import session

from confide.core.budget import Budget, Unit

GROUPS = 4_000
"""Each is a run of its own, with its own draw from the population and its own noise."""
WITHIN = 0.02
"""A true coverage of 95 % is refused once in 10^8: the deviation of the share is 0.0034."""
RATE, LOW, HIGH, SHARE = 120, 0, 10, 0.3


def drawn(rng: np.random.Generator, groups: int) -> pl.DataFrame:
    """Groups with Poisson numbers of people; x is even on 0..10, b is 1 with the chance SHARE."""
    count = rng.poisson(RATE, groups)
    n = int(count.sum())
    x, b = rng.integers(LOW, HIGH + 1, n), (rng.random(n) < SHARE).astype(np.int64)
    g = np.repeat(np.arange(groups), count)
    return pl.DataFrame({"p": np.arange(n), "g": g, "x": x, "b": b, "f": x + 0.25})


def exact(data: pl.DataFrame, groups: int) -> dict[str, np.ndarray]:
    """The statistics of each group as it was drawn."""
    found = (
        data.group_by("g")
        .agg(
            n=pl.len(), s=pl.col("b").sum(), m=pl.col("x").mean(), v=pl.col("x").var(),
            y=(pl.col("b") == 1).mean(), q=pl.col("x").quantile(0.4, "lower"),
        )
        .sort("g")
    )  # fmt: skip
    assert found.height == groups
    return {c: found[c].to_numpy() for c in "nsmvyq"}


POPULATION = {
    "n": RATE,
    "s": RATE * SHARE,
    "m": (LOW + HIGH) / 2,
    "v": ((HIGH - LOW + 1) ** 2 - 1) / 12,
    "y": SHARE,
    "q": 4,
}
ASKED = (
    "select g, count(*) as n, sum(clip(b, 0, 1)) as s, avg(clip(x, 0, 10)) as m, var(clip(x, 0, 10)) as v, "
    "avg(b between 1 and 1) as y from t group by g"
)


def coverage(frame: pl.DataFrame, name: str, truth: Any, ends: tuple[str, str]) -> float:
    low, high = (frame[f"{name}_{end}"].to_numpy() for end in ends)
    return float(((low - 1e-9 <= truth) & (truth <= high + 1e-9)).mean())


def answered(tmp_path, text: str, groups: int, **price: object) -> tuple[pl.DataFrame, dict[str, np.ndarray]]:
    data = drawn(np.random.default_rng(0), groups)
    data.write_parquet(tmp_path / "t.parquet")
    unit = Unit.person("p", at_most=1)
    with session(tmp_path / "t.parquet", unit=unit, budget=Budget(100.0, 1e-6)) as opened:
        found = opened.sql(text, keys={"g": range(groups)}, **price)  # pyright: ignore[reportArgumentType]
    return found.frame, exact(data, groups)


@pytest.mark.slow
@pytest.mark.parametrize("price", [{"epsilon": 1.5}, {"rho": 0.03}], ids=["laplace", "gaussian"])
def test_both_intervals_cover_what_they_say(tmp_path, price: dict[str, float]) -> None:
    frame, truth = answered(tmp_path, ASKED, GROUPS, **price)
    for name in "nsmvy":
        found = coverage(frame, name, truth[name], ("noise_low", "noise_high"))
        assert 0.95 - WITHIN <= found <= 0.95 + WITHIN, (name, found)
    for name in "nsy":
        found = coverage(frame, name, POPULATION[name], ("low", "high"))
        assert 0.95 - WITHIN <= found <= 0.95 + WITHIN, (name, found)
    # The fourth moment is only bounded, so that the variance may be too wide; the mean a little, too.
    assert coverage(frame, "v", POPULATION["v"], ("low", "high")) >= 0.95 - WITHIN
    assert 0.95 - WITHIN <= coverage(frame, "m", POPULATION["m"], ("low", "high")) <= 0.985


@pytest.mark.slow
def test_rare_and_large_values_are_covered_at_least_so(tmp_path) -> None:
    """One row in 100 is 100, all others 0: of some 120 rows a group often has none, and seems to be even."""
    rng = np.random.default_rng(3)
    count = rng.poisson(RATE, 1_000)
    x = 100 * (rng.random(int(count.sum())) < 0.01)
    data = pl.DataFrame({"p": np.arange(len(x)), "g": np.repeat(np.arange(1_000), count), "x": x})
    data.write_parquet(tmp_path / "t.parquet")
    clipped = "clip(x, 0, 100)"
    text = f"select g, sum({clipped}) as s, avg({clipped}) as m, var({clipped}) as v from t group by g"
    with session(
        tmp_path / "t.parquet", unit=Unit.person("p", at_most=1), budget=Budget(100.0, 1e-6)
    ) as opened:
        frame = opened.sql(text, keys={"g": range(1_000)}, epsilon=20).frame
    for name, truth in {"s": RATE, "m": 1, "v": 99}.items():
        assert coverage(frame, name, truth, ("low", "high")) >= 0.92, name


@pytest.mark.slow
def test_quantiles_are_covered_at_least_so(tmp_path) -> None:
    """Values are few, so that intervals that end between them are wider than they had to be."""
    text = "select g, quantile(x, 0.4, 0, 10) as q from t group by g"
    frame, truth = answered(tmp_path, text, GROUPS, epsilon=0.5)
    assert coverage(frame, "q", truth["q"], ("noise_low", "noise_high")) >= 0.95 - WITHIN
    assert coverage(frame, "q", POPULATION["q"], ("low", "high")) >= 0.95 - WITHIN
    twin = frame.with_columns(q_noise_low=pl.col("q"), q_noise_high=pl.col("q"))
    assert coverage(twin, "q", truth["q"], ("noise_low", "noise_high")) < 0.9


@pytest.mark.slow
def test_a_mean_without_a_variance_beside_it_is_covered_at_least_so(tmp_path) -> None:
    text = "select g, avg(clip(f, 0, 10.25)) as m from t group by g"
    frame, truth = answered(tmp_path, text, GROUPS, epsilon=0.5)
    found = coverage(frame, "m", truth["m"] + 0.25, ("noise_low", "noise_high"))
    assert 0.95 - WITHIN <= found <= 0.95 + WITHIN
    assert coverage(frame, "m", POPULATION["m"] + 0.25, ("low", "high")) >= 0.95 - WITHIN
