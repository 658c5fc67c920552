"""Measurement of risk: rates, intervals and bounds on epsilon from evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.epsilon import NO_COIN, gaussian, two_world
from confide.measure.intervals import check_confidence, difference, mean, proportion
from confide.measure.one_run import one_run, one_run_fdp
from confide.measure.rates import Ranks, precision, tpr_at, unbiased
from confide.measure.risk import EpsilonBound, PrecisionAt, RateAt, Risk
from confide.measure.roc import auc, roc
from confide.measure.rows import Rows, one_a_world, require_both, shape, worlds_of
from confide.measure.thresholds import Bonferroni, Counts, Split, Threshold

# Low rates matter most: an adversary that must not accuse many control people works there.
FPRS = (0.1, 0.01, 0.001, 0.0001)
# A balanced audit has a prior of one half; real populations have fewer members.
PRIORS = (0.5, 0.1, 0.01)

# With fewer worlds the t-interval over worlds is too wide to be useful.
FEWEST_WORLDS = 5
"""From this number of worlds on, the spread between worlds gives the interval."""


def measure(
    evidence: Evidence,
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    epsilon_threshold: Threshold | None = None,
    delta: float = 1e-5,
) -> Risk:
    """Measure the risk that this evidence shows: how much better the adversary does on exposed people.

    The dependence between rows decides what can be computed from them:

    - One row in each world: rows are independent. Epsilon comes from the two-world bound.
    - Many rows in one world (one trained model): rates describe this one release. Epsilon comes from the
      one-run bounds.
    - Several worlds of many rows (a pool of models): rows of one world share a model. From five worlds on
      each rate is measured in each world, and the mean has a t-interval over worlds. With fewer worlds rows
      are pooled, and `strategy` says this. Epsilon is the median of the worlds' one-run bounds, each at
      half the error. If the median were too high, half of the worlds' bounds would be too high. By Markov's
      inequality this has probability at most `1 - confidence`, for any dependence between worlds.
    - Many worlds of few rows: rows are pooled too. Epsilon comes from one row of each world.

    A bound is certified only if a fair coin decided exposure. Bounds under the mu-GDP hypothesis are given
    too and never certified. They say nothing at delta = 0 and are left out there.

    Args:
        confidence: of each interval and bound by itself.
        threshold: the strategy for the threshold of a claim; `Split()` by default.
        epsilon_threshold: the same for the two-world and mu-GDP bounds; `Bonferroni(25)` by default, which
            proves more than a split does.
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
    figures = _joined([_figures(rows, threshold, confidence) for rows in parts])
    # Precision is reported at the lowest rate that the smallest world can resolve.
    lowest = min((at for at in figures.tpr_at if at.rate is not None), key=lambda at: at.fpr, default=None)
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
        precision_at=tuple(
            PrecisionAt(prior, FPRS[0], None)
            if lowest is None
            else PrecisionAt(prior, lowest.fpr, precision(lowest, prior=prior))
            for prior in PRIORS
        ),
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
    among: int = 1,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    epsilon_threshold: Threshold | None = None,
    delta: float = 1e-5,
) -> tuple[int, tuple[Risk, ...]]:
    """Find the worst of several attacks, with a correction for the number of attacks tried.

    An adversary uses its best attack. To choose the best of k without being misled by chance, each is
    measured at an error of (1 - confidence) / k, so that all k risks hold together. The worst attack finds
    the largest share of exposed people at a false-positive rate of 1 % (the low end of its interval). Where
    that rate cannot be resolved, the worst has the largest advantage.

    Args:
        among: how many attacks might have been tried, if more than are given. With a fixed number, what one
            attack shows does not depend on which others ran.

    Returns:
        the position of the worst, and the corrected risks in the order given.

    Raises:
        EvidenceError: if there is no evidence, or one of them cannot be measured.
    """
    if not evidences:
        raise EvidenceError("there are 0 attacks to take the worst of: give the evidence of at least one.")
    corrected = 1 - (1 - check_confidence(confidence)) / max(among, len(evidences))
    risks = tuple(
        measure(
            e, confidence=corrected, threshold=threshold, epsilon_threshold=epsilon_threshold, delta=delta
        )
        for e in evidences
    )
    return max(range(len(risks)), key=lambda i: _severity(risks[i])), risks


def _severity(risk: Risk) -> tuple[float, float]:
    # The low end, so that an attack with few claims does not win by luck.
    at = next((r.rate.low for r in risk.tpr_at if r.fpr == 0.01 and r.rate is not None), risk.advantage.low)
    return at, risk.auc.low


@dataclass(frozen=True, slots=True)
class _Figures:
    """The numbers of a risk that are measured in each world and then averaged."""

    exposed: Estimate
    control: Estimate
    advantage: Estimate
    auc: Estimate
    tpr_at: tuple[RateAt, ...]
    threshold: float
    ranks: Ranks


def _gain(counts: Counts, error: float) -> Floats:
    return counts.true / counts.exposed - counts.false / counts.control


def _figures(rows: Rows, threshold: Threshold, confidence: float) -> _Figures:
    error = 1 - check_confidence(confidence)
    choice = threshold.choose(rows, _gain, error=error)
    counts, corrected = choice.counts, 1 - error / choice.among
    exposed = proportion(int(counts.true[0]), counts.exposed, confidence=corrected)
    control = proportion(int(counts.false[0]), counts.control, confidence=corrected)
    highest = proportion(int(counts.most_false[0]), counts.control, confidence=corrected).high
    exposed = replace(exposed, confidence=confidence)
    # Where the threshold is a control score, the valid upper limit comes from its rank, not from the count.
    control = replace(control, high=highest, confidence=confidence)
    members, controls = rows.members, rows.controls
    return _Figures(
        exposed=exposed,
        control=control,
        advantage=difference(exposed, control),
        auc=auc(members, controls, confidence=confidence),
        tpr_at=tuple(tpr_at(members, controls, fpr=fpr, confidence=confidence) for fpr in FPRS),
        threshold=choice.threshold,
        ranks=Ranks(members, controls),
    )


def _joined(worlds: Sequence[_Figures]) -> _Figures:
    """The mean of each number over worlds; a rate that one world cannot resolve stays unresolved."""
    if len(worlds) == 1:
        return worlds[0]
    return _Figures(
        exposed=mean([w.exposed for w in worlds]),
        control=mean([w.control for w in worlds]),
        advantage=mean([w.advantage for w in worlds], within=(-1.0, 1.0)),
        auc=mean([w.auc for w in worlds]),
        tpr_at=tuple(_mean_rate(worlds, i) for i in range(len(FPRS))),
        threshold=float(np.median([w.threshold for w in worlds])),
        ranks=worlds[0].ranks,  # a mean has none of its own, and nothing asks for them
    )


def _mean_rate(worlds: Sequence[_Figures], which: int) -> RateAt:
    """The mean over worlds of the rate at one false-positive rate.

    Each world's value is right on average, threshold's noise included, so their mean is, and their spread
    shows both noises. Of few worlds the spread is small by chance now and then: then each world's own
    interval decides.
    """
    rates = [w.tpr_at[which] for w in worlds]
    fewest = min(rates, key=lambda at: at.controls)
    if any(at.rate is None for at in rates):
        return replace(fewest, rate=None, empirical=None)
    # Not cut to what a rate can be: cut values are no longer right on average.
    values = [_with_noise(w, which) for w in worlds]
    found = mean(values)
    plain = float(np.mean([at.empirical for at in rates if at.empirical is not None]))
    return replace(fewest, rate=replace(found, value=min(max(found.value, 0.0), 1.0)), empirical=plain)


def _with_noise(world: _Figures, which: int) -> Estimate:
    """The value at one false-positive rate, not cut to what a rate can be, with the world's own interval."""
    rate = world.tpr_at[which].rate
    assert rate is not None
    value = unbiased(world.ranks, FPRS[which])
    return Estimate(value, min(value, rate.low), max(value, rate.high), rate.confidence)


def _bounds(
    evidence: Evidence, confidence: float, threshold: Threshold, delta: float
) -> tuple[EpsilonBound, ...]:
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
    words = bound.assumption.replace(f"{NO_COIN} for each target", no_coin).replace(NO_COIN, no_coin)
    return replace(bound, assumption=words)


def _one_world(
    rows: Rows, confidence: float, threshold: Threshold, delta: float, coin: bool
) -> list[EpsilonBound]:
    """The bounds from one world, each by another theorem."""
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
