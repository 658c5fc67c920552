"""Risk of single records: which people are most exposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.evidence import Evidence
from confide.core.lazily import Lazily
from confide.measure.bounded import difference_of_means
from confide.measure.intervals import check_confidence
from confide.measure.rates import place_of, threshold_at
from confide.measure.rows import require_both, shape

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


def records(
    evidence: Evidence, *, fprs: Sequence[float] = (0.01, 0.001), confidence: float = 0.95
) -> pl.DataFrame:
    """Measure how exposed each person is: one row for each target that was ever exposed, the worst first.

    A person's `fpr` is the share of control people who score at least as high as this person. It is the
    false-positive rate that the adversary must accept to claim this person. With k such controls of N it is
    (k + 1) / (N + 1), a valid p-value for "this person is a control". A control person is ranked among the
    other controls.

    If the same target is exposed in some worlds and control in others, `excess` measures how much of the
    exposure is due to membership. It is the person's mean rank (the share of controls below) when in, minus
    the mean rank when out. Its interval holds for any few worlds and whatever the law of the ranks, and is
    therefore wide (`measure/bounded.py`). It needs two worlds of each kind and is null otherwise.

    Args:
        fprs: the false-positive rates at which to say whether a person is claimed; null if not resolved.
        confidence: of the interval of `excess`.

    Returns:
        target, worlds_in, worlds_out, fpr (mean over worlds when in), called@F (the share of worlds, when
        in, in which the person is claimed at FPR F, of those that resolve it), excess, low, high.

    >>> e = Evidence.of(np.array([True, True, False, False]), np.array([3.0, 0.5, 1.0, 0.0]))
    >>> records(e)["target", "fpr"].rows()
    [(0, 0.333...), (1, 0.666...)]
    """
    check_confidence(confidence)
    require_both(evidence)
    called = [f"called@{fpr:g}" for fpr in fprs]
    ranked = _ranked(evidence, fprs, called)
    was_in = pl.col("exposed")
    people = ranked.group_by("target").agg(
        worlds_in=was_in.sum().cast(pl.Int64),
        worlds_out=(~was_in).sum().cast(pl.Int64),
        fpr=pl.col("fpr").filter(was_in).mean(),
        **{name: pl.col(name).filter(was_in).mean() for name in called},
        excess=pl.col("fpr").filter(~was_in).mean() - pl.col("fpr").filter(was_in).mean(),
    )
    people = people.filter(pl.col("worlds_in") > 0)
    return (
        _with_interval(people, ranked, confidence)
        .select("target", "worlds_in", "worlds_out", "fpr", *called, "excess", "low", "high")
        .sort("excess", "fpr", "target", descending=[True, False, False], nulls_last=True)
    )


def _ranked(evidence: Evidence, fprs: Sequence[float], called: Sequence[str]) -> pl.DataFrame:
    """Each row's fpr among the controls of its group, and whether it is claimed."""
    table, claims = evidence.table, evidence.claims
    # A world with enough rows ranks its own; scores of different models are not comparable.
    by_world = shape(evidence) in ("one world", "pool")
    group = table["world"].to_numpy() if by_world else np.zeros(len(table), np.int64)
    order = np.argsort(group, kind="stable")
    columns: dict[str, Array] = {
        "fpr": np.empty(len(table)),
        **{name: np.full(len(table), np.nan) for name in called},
    }
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        exposed, score = evidence.exposed[rows], claims[rows]
        control = np.sort(score[~exposed])
        columns["fpr"][rows] = _fpr(score, control, exposed.astype(np.int64))
        for name, fpr in zip(called, fprs, strict=True):
            k = place_of(len(control), fpr)
            if k is not None:
                columns[name][rows] = score > threshold_at(control, k)
    return table.select("target", "exposed").with_columns(
        pl.Series(name, values).fill_nan(None) for name, values in columns.items()
    )


def _fpr(score: Floats, control: Floats, exposed: Ints) -> Floats:
    """The p-value (k + 1) / (N + 1); a control row counts itself among `control`, an exposed one does not."""
    at_least = len(control) - np.searchsorted(control, score, side="left")
    return (at_least + exposed) / (len(control) + exposed)


def _with_interval(people: pl.DataFrame, ranked: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Add the interval of `excess`, where a person was in two worlds and out of two."""
    both = (pl.col("worlds_in") >= 2) & (pl.col("worlds_out") >= 2)
    people = people.with_columns(excess=pl.when(both).then("excess"))
    numbered = people.filter(both).select("target").with_row_index("number")
    if not len(numbered):
        none = pl.lit(None, pl.Float64)
        return people.with_columns(low=none, high=none)
    rows = ranked.join(numbered, on="target")
    out, inside = (rows.filter(pl.col("exposed") == exposed) for exposed in (False, True))
    low, high = difference_of_means(
        out["fpr"].to_numpy(),
        out["number"].to_numpy().astype(np.int64),
        inside["fpr"].to_numpy(),
        inside["number"].to_numpy().astype(np.int64),
        groups=len(numbered),
        confidence=confidence,
    )
    limits = numbered.select("target").with_columns(low=pl.Series(low), high=pl.Series(high))
    return people.join(limits, on="target", how="left")
