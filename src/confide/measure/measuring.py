"""Measurement of risk: rates, intervals and bounds on epsilon from evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import t
from confide.measure.bounds import bounds
from confide.measure.crossed import widened, widened_rate, widened_roc
from confide.measure.intervals import check_confidence, difference, mean, proportion
from confide.measure.people import counted_once, opposed
from confide.measure.rates import Ranks, precision, tpr_at, unbiased
from confide.measure.risk import PrecisionAt, RateAt, Risk
from confide.measure.roc import auc, roc
from confide.measure.rows import FEWEST_WORLDS, Rows, require_both, shape, worlds_of
from confide.measure.thresholds import Bonferroni, Counts, Split, Threshold

# Low rates matter most: an adversary that must not accuse many control people works there.
FPRS = (0.1, 0.01, 0.001, 0.0001)
# A balanced audit has a prior of one half; real populations have fewer members.
PRIORS = (0.5, 0.1, 0.01)


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

    A person, a target of the table, may have several rows. They count for as many independent rows as they
    are worth, and for one if a person's rounds are copies (`confide.measure.people`). Rates are resolved by
    people. Two readings are of the people at hand instead, and `strategy` says the first: the mean over five
    worlds and more in which the same people play, and evidence about one person alone.

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
    # Where each row is about somebody else, rows are people.
    people = every.people or (np.flatnonzero(every.exposed), np.flatnonzero(~every.exposed))
    parts = worlds_of(evidence) if pool else [every]
    figures = _joined([_figures(rows, threshold, confidence) for rows in parts])
    # Precision is reported at the lowest rate that the smallest world can resolve.
    lowest = min((at for at in figures.tpr_at if at.rate is not None), key=lambda at: at.fpr, default=None)
    curve = roc(*every.sides, confidence=confidence, people=every.people)
    if evidence.crossed:
        figures, curve = _crossed(figures), widened_roc(curve)
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
        epsilon=bounds(evidence, confidence, epsilon_threshold or Bonferroni(25), delta),
        roc=curve,
        threshold=figures.threshold,
        strategy=f"{threshold}{_grouping(evidence, pool)}",
        exposed_count=len(np.unique(people[0])),
        control_count=len(np.unique(people[1])),
        people=len(np.unique(np.concatenate(people))),
        rows=len(evidence),
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
    measured at an error of (1 - confidence) / k, so that all k risks hold together. An attack that beats
    guessing, at any rate or by its AUC, is worse than one that does not. Among them the worst finds the
    largest share of exposed people at a false-positive rate of 1 % (the low end of its interval), or has the
    largest advantage where that rate cannot be resolved. Where no share is above guessing, the AUC decides.

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


def _severity(risk: Risk) -> tuple[bool, float, float]:
    # The low end, so that an attack with few claims does not win by luck. One below guessing is noise, and
    # must not put an attack that finds nothing before one that does.
    resolved = {at.fpr: at.rate.low for at in risk.tpr_at if at.rate is not None}
    beats = risk.auc.low > 0.5 or any(low > fpr for fpr, low in resolved.items())
    at = max(resolved[0.01], 0.01) if 0.01 in resolved else max(risk.advantage.low, 0.0)
    return beats, at, risk.auc.low


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
    # People's rounds count for what they are worth; with one round each, for one.
    hits, people = [claims > choice.threshold for claims in choice.rows.sides], choice.rows.people
    asked, out = (1.0, 1.0) if people is None else map(counted_once, hits, people)
    opposite = 0.0 if people is None else opposed(hits[0], hits[1], people)
    exposed = proportion(int(counts.true[0]) / asked, counts.exposed / asked, confidence=corrected)
    control = proportion(int(counts.false[0]) / out, counts.control / out, confidence=corrected)
    highest = proportion(int(counts.most_false[0]) / out, counts.control / out, confidence=corrected).high
    exposed = replace(exposed, confidence=confidence)
    # Where the threshold is a control score, the valid upper limit comes from its rank, not from the count.
    control = replace(control, high=highest, confidence=confidence)
    sides, people = rows.sides, rows.people
    rates = tuple(tpr_at(*sides, fpr=fpr, confidence=confidence, people=people) for fpr in FPRS)
    return _Figures(
        exposed=exposed,
        control=control,
        advantage=difference(exposed, control, correlation=opposite),
        auc=auc(*sides, confidence=confidence, people=people),
        tpr_at=rates,
        threshold=choice.threshold,
        ranks=Ranks.of(*sides),
    )


def _crossed(found: _Figures) -> _Figures:
    """Figures whose intervals hold in a cross-validation."""
    return replace(
        found,
        exposed=widened(found.exposed),
        control=widened(found.control),
        advantage=widened(found.advantage, least=-1.0),
        auc=widened(found.auc),
        tpr_at=tuple(map(widened_rate, found.tpr_at)),
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


def _grouping(evidence: Evidence, pool: bool) -> str:
    again = Rows.of(evidence).people is not None
    wider = t("; wider, since people are asked about by models that learned from the others")
    wider = wider if evidence.crossed else ""
    if pool:
        mean = t("; the mean of {n} worlds", n=evidence.worlds)
        return mean + (wider or (t(", for the same people in all of them") if again else ""))
    pooled = t("; {n} worlds pooled, people of one world taken as independent", n=evidence.worlds)
    counted = t("; all rows of a person counted together")
    # One person in several rows is no several people: the intervals say how many they are worth.
    return wider + (pooled if shape(evidence) in ("pool", "few a world") else "") + (counted if again else "")
