"""Bounds on epsilon for each shape of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from confide.core.evidence import Evidence
from confide.core.language import t
from confide.measure.epsilon import NO_COIN, NO_COINS, gaussian, two_world
from confide.measure.one_run import one_run, one_run_fdp
from confide.measure.risk import EpsilonBound
from confide.measure.rows import Rows, one_a_world, shape, worlds_of
from confide.measure.thresholds import Threshold


def bounds(
    evidence: Evidence, confidence: float, threshold: Threshold, delta: float
) -> tuple[EpsilonBound, ...]:
    """Every bound on epsilon that this evidence supports; `confide.measure.measure` says which and why.

    Args:
        threshold: the strategy of the two-world and mu-GDP bounds.
    """
    coin, kind = evidence.randomised, shape(evidence)
    if kind in ("independent", "few a world"):
        rows = one_a_world(evidence)
        if rows.exposed.all() or not rows.exposed.any():
            return ()  # the rows that the hash chose are all of one kind: no comparison is possible
        found = [
            two_world(rows, confidence=confidence, threshold=threshold, delta=delta, randomised=coin),
            gaussian(rows, confidence=confidence, threshold=threshold, delta=delta),
        ]
    elif kind == "one world":
        found = _one_world(Rows.of(evidence), confidence, threshold, delta, coin)
    else:
        half = (1 + confidence) / 2  # half the error in each world; `measure` says why
        each = [_one_world(rows, half, threshold, delta, coin) for rows in worlds_of(evidence)]
        found = [_middle(bounds, confidence) for bounds in zip(*each, strict=True)]
    # A Gaussian curve has no finite epsilon at delta = 0.
    found = [b for b in found if delta > 0 or "mu-GDP" not in b.method]
    return tuple(_because(b, evidence.no_coin) for b in found)


def _because(bound: EpsilonBound, no_coin: str) -> EpsilonBound:
    """The bound with the reason why no coin counts, where the evidence gives one."""
    if not no_coin:
        return bound
    said = bound.assumption.replace(t(NO_COINS), t(no_coin)).replace(t(NO_COIN), t(no_coin))
    return replace(bound, assumption=said)


def _one_world(
    rows: Rows, confidence: float, threshold: Threshold, delta: float, coin: bool
) -> list[EpsilonBound]:
    """The bounds from one world, each by another theorem; a person has one coin, whatever their rows."""
    rows = rows.once()
    fdp = partial(one_run_fdp, rows, confidence=confidence, delta=delta, randomised=coin)
    return [
        fdp(curve="dp"),
        one_run(rows, confidence=confidence, delta=delta, randomised=coin),
        fdp(curve="gaussian"),
        gaussian(rows, confidence=confidence, threshold=threshold, delta=delta),
    ]


def _middle(bounds: Sequence[EpsilonBound], confidence: float) -> EpsilonBound:
    """The lower median of the bounds; `measure` says why half the error in each world is enough."""
    at = (len(bounds) - 1) // 2
    return replace(
        bounds[0],
        low=sorted(b.low for b in bounds)[at],
        ceiling=sorted(b.ceiling for b in bounds)[at],
        method=t("{method}, median of {n} worlds", method=bounds[0].method, n=len(bounds)),
        confidence=confidence,
        certified=all(b.certified for b in bounds),
        assumption=max((b.assumption for b in bounds), key=len),
    )
