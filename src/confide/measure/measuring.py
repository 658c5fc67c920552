"""Measure: evidence in, risk out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.epsilon import gaussian, two_world
from confide.measure.intervals import check_confidence, difference, mean, proportion
from confide.measure.one_run import one_run, one_run_fdp
from confide.measure.risk import EpsilonBound, PrecisionAt, RateAt, Risk
from confide.measure.roc import auc, place_of, precision_at, roc, tpr_at
from confide.measure.rows import Rows, one_a_world, require_both, shape, worlds_of
from confide.measure.thresholds import Bonferroni, Counts, Split, Threshold

FPRS = (0.1, 0.01, 0.001, 0.0001)
PRIORS = (0.5, 0.1, 0.01)

FEWEST_WORLDS = 5
"""From this many worlds on, their own spread gives the interval."""


def measure(
    evidence: Evidence,
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    epsilon_threshold: Threshold | None = None,
    delta: float = 1e-5,
) -> Risk:
    """What this evidence says about how much better the adversary does on exposed people.

    How rows hang together decides what may be computed from them:

    - one row a world: rows are independent. Epsilon from the two-world bound.
    - many rows in one world (one trained model): rates speak about this one release; epsilon from the
      one-run bounds.
    - several worlds of many rows (a pool of models): rows of one world share a model, so from five worlds
      on every rate is measured in each and the mean has a t-interval over worlds; with fewer, rows are
      pooled and `strategy` says so. Epsilon is the median of the worlds' one-run bounds, each at half the
      error: if that were too high, half of the worlds' bounds would be, and by Markov's inequality this
      happens with probability `1 - confidence` at most, however worlds depend on each other.
    - many worlds of few rows: pooled likewise; epsilon from one row of each world.

    A bound is certified only if a fair coin decided exposure. Bounds under the mu-GDP hypothesis stand
    beside, never certified; they say nothing at delta = 0 and are left out there.

    Args:
        confidence: of every interval and bound, each by itself.
        threshold: where claims are made; `Split()` by default.
        epsilon_threshold: for the two-world and mu-GDP bounds; `Bonferroni(25)` by default, which proves
            more than a split does.
        delta: of the epsilon bounds.

    Raises:
        EvidenceError: if exposed or control rows are missing, or too few for the strategy.

    >>> rng = np.random.default_rng(0)
    >>> exposed = rng.random(2000) < 0.5
    >>> risk = measure(Evidence.of(exposed, rng.standard_normal(2000) + exposed, randomised=True))
    >>> risk.auc.low < 0.76 < risk.auc.high  # Phi(1 / sqrt 2) = 0.760
    True
    """
    require_both(evidence)
    threshold = threshold or Split()
    pool = shape(evidence) == "pool" and evidence.worlds >= FEWEST_WORLDS
    every = Rows.of(evidence)
    parts = worlds_of(evidence) if pool else [every]
    fewest = min(int((~rows.exposed).sum()) for rows in parts)
    lowest = min((fpr for fpr in FPRS if place_of(fewest, fpr) is not None), default=FPRS[0])
    figures = _joined([_figures(rows, threshold, confidence, lowest) for rows in parts])
    advantage = figures.advantage
    return Risk(
        attack=evidence.attack,
        access=evidence.access,
        game=evidence.game,
        exposed=figures.exposed,
        control=figures.control,
        advantage=advantage,
        auc=figures.auc,
        balanced_accuracy=Estimate(
            (1 + advantage.value) / 2, (1 + advantage.low) / 2, (1 + advantage.high) / 2, confidence
        ),
        tpr_at=figures.tpr_at,
        precision_at=figures.precision_at,
        epsilon=_bounds(evidence, confidence, epsilon_threshold or Bonferroni(25), delta),
        roc=roc(every.members, every.controls, confidence=confidence),
        threshold=figures.threshold,
        strategy=f"{threshold}{_grouping(evidence, pool)}",
        exposed_count=int(evidence.exposed.sum()),
        control_count=int((~evidence.exposed).sum()),
        worlds=evidence.worlds,
        excluded=evidence.excluded,
        seconds=evidence.seconds,
        confidence=confidence,
    )


def worst(
    evidences: Sequence[Evidence],
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    epsilon_threshold: Threshold | None = None,
    delta: float = 1e-5,
) -> tuple[int, tuple[Risk, ...]]:
    """The worst of several attacks, after correction for having tried them all.

    An adversary uses his best attack, and picking the best of k by luck needs k times as much evidence:
    each is measured at an error of (1 - confidence) / k, so all k risks hold together. The worst finds
    the most exposed people at a false-positive rate of 1 % (low end; where that cannot be resolved,
    has the largest advantage).

    Returns:
        which is the worst, and the corrected risks in the order given.

    Raises:
        EvidenceError: if there is no evidence, or one of them cannot be measured.
    """
    if not evidences:
        raise EvidenceError("there are 0 attacks to take the worst of: give the evidence of at least one.")
    corrected = 1 - (1 - check_confidence(confidence)) / len(evidences)
    risks = tuple(
        measure(
            e, confidence=corrected, threshold=threshold, epsilon_threshold=epsilon_threshold, delta=delta
        )
        for e in evidences
    )
    return max(range(len(risks)), key=lambda i: _severity(risks[i])), risks


def _severity(risk: Risk) -> tuple[float, float]:
    at = next((r.rate.low for r in risk.tpr_at if r.fpr == 0.01 and r.rate is not None), risk.advantage.low)
    return at, risk.auc.low


@dataclass(frozen=True, slots=True)
class _Figures:
    exposed: Estimate
    control: Estimate
    advantage: Estimate
    auc: Estimate
    tpr_at: tuple[RateAt, ...]
    precision_at: tuple[PrecisionAt, ...]
    threshold: float


def _gain(counts: Counts, error: float) -> Floats:
    return counts.true / counts.exposed - counts.false / counts.control


def _figures(rows: Rows, threshold: Threshold, confidence: float, lowest: float) -> _Figures:
    error = 1 - check_confidence(confidence)
    choice = threshold.choose(rows, _gain, error=error)
    said, corrected = choice.counts, 1 - error / choice.among
    exposed = proportion(int(said.true[0]), said.exposed, confidence=corrected)
    control = proportion(int(said.false[0]), said.control, confidence=corrected)
    highest = proportion(int(said.most_false[0]), said.control, confidence=corrected).high
    exposed = replace(exposed, confidence=confidence)
    control = replace(control, high=highest, confidence=confidence)
    found, wrong = rows.members, rows.controls
    return _Figures(
        exposed=exposed,
        control=control,
        advantage=difference(exposed, control),
        auc=auc(found, wrong, confidence=confidence),
        tpr_at=tuple(tpr_at(found, wrong, fpr=fpr, confidence=confidence) for fpr in FPRS),
        precision_at=precision_at(found, wrong, fpr=lowest, priors=PRIORS, confidence=confidence),
        threshold=choice.threshold,
    )


def _joined(worlds: Sequence[_Figures]) -> _Figures:
    """The mean over worlds of everything; a rate that one world cannot resolve is not resolved."""
    if len(worlds) == 1:
        return worlds[0]
    return _Figures(
        exposed=mean([w.exposed for w in worlds]),
        control=mean([w.control for w in worlds]),
        advantage=mean([w.advantage for w in worlds], within=(-1.0, 1.0)),
        auc=mean([w.auc for w in worlds]),
        tpr_at=tuple(_mean_rate(rates) for rates in zip(*(w.tpr_at for w in worlds), strict=True)),
        precision_at=tuple(
            _mean_precision(values) for values in zip(*(w.precision_at for w in worlds), strict=True)
        ),
        threshold=float(np.median([w.threshold for w in worlds])),
    )


def _mean_rate(rates: Sequence[RateAt]) -> RateAt:
    fewest = min(rates, key=lambda r: r.controls)
    known = [r.rate for r in rates if r.rate is not None]
    return replace(fewest, rate=mean(known)) if len(known) == len(rates) else fewest


def _mean_precision(values: Sequence[PrecisionAt]) -> PrecisionAt:
    """The mean over the worlds where anybody is claimed."""
    known = [v.value for v in values if v.value is not None]
    return replace(values[0], value=mean(known) if len(known) > 1 else None)


def _bounds(
    evidence: Evidence, confidence: float, threshold: Threshold, delta: float
) -> tuple[EpsilonBound, ...]:
    coin, kind = evidence.randomised, shape(evidence)
    if kind in ("independent", "few a world"):
        rows = one_a_world(evidence)
        if rows.exposed.all() or not rows.exposed.any():
            return ()
        found = [
            two_world(rows, confidence=confidence, threshold=threshold, delta=delta, randomised=coin),
            gaussian(rows, confidence=confidence, threshold=threshold, delta=delta),
        ]
    elif kind == "one world":
        found = _one_world(Rows.of(evidence), confidence, threshold, delta, coin)
    else:
        each = [
            _one_world(rows, (1 + confidence) / 2, threshold, delta, coin) for rows in worlds_of(evidence)
        ]
        found = [_middle(bounds, confidence) for bounds in zip(*each, strict=True)]
    return tuple(b for b in found if delta > 0 or "mu-GDP" not in b.method)


def _one_world(
    rows: Rows, confidence: float, threshold: Threshold, delta: float, coin: bool
) -> list[EpsilonBound]:
    fdp = partial(one_run_fdp, rows, confidence=confidence, delta=delta, randomised=coin)
    return [
        fdp(curve="dp"),
        one_run(rows, confidence=confidence, delta=delta, randomised=coin),
        fdp(curve="gaussian"),
        gaussian(rows, confidence=confidence, threshold=threshold, delta=delta),
    ]


def _middle(bounds: Sequence[EpsilonBound], confidence: float) -> EpsilonBound:
    """The lower median; see `measure` for why half the error in each world is enough."""
    at = (len(bounds) - 1) // 2
    return replace(
        bounds[0],
        low=sorted(b.low for b in bounds)[at],
        ceiling=sorted(b.ceiling for b in bounds)[at],
        method=f"{bounds[0].method}, median of {len(bounds)} worlds",
        confidence=confidence,
        certified=all(b.certified for b in bounds),
        assumption=max((b.assumption for b in bounds), key=len),
    )


def _grouping(evidence: Evidence, pool: bool) -> str:
    if pool:
        return f"; the mean of {evidence.worlds} worlds"
    if shape(evidence) in ("pool", "few a world"):
        return f"; {evidence.worlds} worlds pooled, rows of one world taken as independent"
    return ""
