"""Risk: the measured numbers, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from confide.core.arrays import Floats
from confide.core.estimate import Estimate
from confide.core.foreign import escaped
from confide.core.notebook import card

USUAL = (0.01, 0.1, 0.001, 0.0001)
"""False-positive rates, those that say most first: below 1 in 100 few audits have enough control people."""


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

    def __repr__(self) -> str:
        """The AUC, the rate at 1 in 100 false claims (or the nearest that is measured), and the bound."""
        return escaped(f"<Risk of {self.attack} ({self.access} access): {self.summary}>", keep=("\n",))

    @property
    def summary(self) -> str:
        """The numbers in one or two lines, with their intervals.

        >>> unmeasured("generate-verify", game="none", seconds=1.0).summary
        'nothing was measured'
        """
        if not self.people:
            return "nothing was measured"
        at = next((r for usual in USUAL for r in self.tpr_at if r.fpr == usual and r.rate), None)
        rate = "no rate could be measured" if at is None else f"TPR {_span(at.rate)} at FPR {at.fpr:g}"
        bound = quoted(self.epsilon)
        least = (
            "" if bound is None else f", epsilon at least {bound.low:.3g} (could show {bound.ceiling:.3g})"
        )
        return (
            f"AUC {_span(self.auc)}, {rate}, all at {self.confidence:.4g}\n"
            f"  {self.exposed_count:,} exposed and {self.control_count:,} control people{least}"
        )

    def _repr_html_(self) -> str:
        title = f"Risk of {self.attack} ({self.access} access)"
        if not self.people:
            return card(title, lines=["Nothing was measured: what was found is a proof."])
        rates = [(f"TPR at FPR {r.fpr:g}", _span(r.rate) if r.rate else f"n/a: {r.why}") for r in self.tpr_at]
        bounds = [
            (f"epsilon, {b.method}", f"at least {b.low:.3g} (could show {b.ceiling:.3g})")
            for b in self.epsilon
        ]
        people = f"{self.exposed_count:,} exposed, {self.control_count:,} control"
        rows = [("AUC", _span(self.auc)), ("advantage", _span(self.advantage)), *rates, *bounds]
        return card(
            title,
            head=("number", f"value [interval at {self.confidence:.4g}]"),
            rows=[*rows, ("people", people)],
        )


def quoted(bounds: Sequence[EpsilonBound]) -> EpsilonBound | None:
    """The bound to quote of several by different theorems, chosen without a look at what was found."""
    return max(bounds, key=_standing, default=None)


def _standing(bound: EpsilonBound) -> tuple[bool, bool, float]:
    """The rank of a bound: certified, free of hypotheses, with a high ceiling."""
    # The bound says in its own words whether it rests on a hypothesis about the curve.
    hypothesis = "mu-GDP" in bound.method or "hypothes" in f"{bound.method} {bound.assumption}".lower()
    return bound.certified, not hypothesis, bound.ceiling


def _span(e: Estimate | None) -> str:
    return "n/a" if e is None else f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]"


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
