"""Risk: the measured numbers, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from confide.core.arrays import Floats
from confide.core.estimate import Estimate


@dataclass(frozen=True, slots=True)
class RateAt:
    """The true-positive rate at a false-positive rate of `fpr`.

    Args:
        rate: None if the controls cannot resolve it; `why` then says how many are needed.
        empirical: the plain share that papers print, at the threshold seen; a check, not an estimate.
    """

    fpr: float
    rate: Estimate | None
    controls: int
    why: str = ""
    empirical: float | None = None


@dataclass(frozen=True, slots=True)
class PrecisionAt:
    """The precision of claims at `fpr`, if a share `prior` of the people asked about is in the data."""

    prior: float
    fpr: float
    value: Estimate | None


@dataclass(frozen=True, slots=True)
class EpsilonBound:
    """A lower bound on epsilon, with the largest bound that this amount of evidence could have shown.

    `certified` is true only if exposure was randomised and `assumption` is empty.
    """

    low: float
    ceiling: float
    method: str
    delta: float
    confidence: float
    certified: bool
    assumption: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """A ROC curve with few points for drawing, and a pointwise band; each float64[points], rising in fpr."""

    fpr: Floats
    tpr: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Risk:
    """The measured risk of one attack: how much better it does on exposed people than on control people.

    Args:
        exposed, control: P(right claim) at the chosen threshold among exposed and among control people.
        advantage: exposed - control.
        auc, balanced_accuracy: over all thresholds; at the chosen threshold.
        tpr_at: at FPR 10, 1, 0.1 and 0.01 %.
        precision_at: at priors 50, 10 and 1 %, at the lowest resolved FPR of `tpr_at`.
        epsilon: every bound that applies to this evidence.
        roc: for drawing.
        threshold, strategy: the score above which a claim is made, and how it was chosen.
        exposed_count, control_count: how many people were ever exposed, and ever control.
        people, rows: how many were asked about, whether once or in several rounds; and how often in all.
        worlds, excluded: of the evidence.
        confidence: of every interval here.
    """

    attack: str
    access: str
    game: str
    exposed: Estimate
    control: Estimate
    advantage: Estimate
    auc: Estimate
    balanced_accuracy: Estimate
    tpr_at: tuple[RateAt, ...]
    precision_at: tuple[PrecisionAt, ...]
    epsilon: tuple[EpsilonBound, ...]
    roc: Roc
    threshold: float
    strategy: str
    exposed_count: int
    control_count: int
    people: int
    rows: int
    worlds: int
    excluded: int
    seconds: float
    confidence: float


def unmeasured(attack: str, *, game: str, seconds: float) -> Risk:
    """A risk without a number, where nobody was held out: of what an attack proved no rate can be measured.

    >>> unmeasured("generate-verify", game="none", seconds=1.0).auc.value
    nan
    """
    none, empty = Estimate(nan, nan, nan, 0.95), np.zeros(0)
    return Risk(
        attack=attack,
        access="released",
        game=game,
        exposed=none,
        control=none,
        advantage=none,
        auc=none,
        balanced_accuracy=none,
        tpr_at=(),
        precision_at=(),
        epsilon=(),
        roc=Roc(empty, empty, empty, empty),
        threshold=nan,
        strategy="none: a proof needs no threshold",
        exposed_count=0,
        control_count=0,
        people=0,
        rows=0,
        worlds=1,
        excluded=0,
        seconds=seconds,
        confidence=0.95,
    )
