"""Numbers as a report shows them: coarse for the public, null with a reason where there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any

from confide.core.estimate import Estimate
from confide.measure import clopper_pearson
from confide.measure.risk import EpsilonBound, RateAt, Risk
from confide.report.finding import Audience, Finding

FEWEST = 10
"""A count from 1 to FEWEST - 1 is not shown to the public."""

OUTSIDE = "people outside the data"
"""Whom a false-positive rate is a share of, where the goal says nothing else."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """How sharply an audience sees: everything, or nothing that points at a handful of people."""

    audience: Audience = "internal"

    @property
    def public(self) -> bool:
        return self.audience == "public"

    def count(self, n: int) -> int | None:
        """A count; for the public two digits of it, and None for 1 to 9.

        >>> Lens().count(1234), Lens("public").count(1234), Lens("public").count(7)
        (1234, 1200, None)
        """
        if not self.public or n == 0:
            return int(n)
        return None if n < FEWEST else _two_digits(n)

    def estimate(self, e: Estimate | None, *, of: int | None = None) -> dict[str, float] | None:
        """An estimate as a dict; for the public its interval is rounded outward to two digits.

        Args:
            of: the number of people that a rate is a share of; a rate that rests on 1 to 9 of them
                is not shown to the public.
        """
        if e is None or not all(map(isfinite, (e.value, e.low, e.high))):
            return None
        if not self.public:
            return {"value": e.value, "low": e.low, "high": e.high, "confidence": e.confidence}
        if of is not None and 0 < round(e.value * of) < FEWEST:
            return None
        step = _step(max(abs(e.value), abs(e.high) / 10))
        value, low, high = round(e.value / step), floor(e.low / step + 1e-9), ceil(e.high / step - 1e-9)
        ends = {"value": value, "low": min(low, value), "high": max(high, value)}
        return {name: round(steps * step, 9) for name, steps in ends.items()} | {"confidence": e.confidence}

    def number(self, x: float) -> float | None:
        """A number that is no estimate; for the public rounded down to two decimals."""
        if not isfinite(x):
            return None
        return floor(x * 100) / 100 if self.public else float(x)


def finding_record(
    finding: Finding, *, release: str, lens: Redaction, outside: str = OUTSIDE
) -> dict[str, Any]:
    """One finding of report.json; a number that is missing is null, and `why` says the reason.

    Args:
        outside: who the control people are, in words.
    """
    risk, bound = finding.risk, finding.bound
    exposed, control = lens.count(risk.exposed_count), lens.count(risk.control_count)
    targets = (
        None if exposed is None or control is None else lens.count(risk.exposed_count + risk.control_count)
    )
    record: dict[str, Any] = {
        "release": release,
        "attack": risk.attack,
        "title": finding.title or risk.attack,
        "citation": finding.citation,
        "settings": {name: str(value) for name, value in finding.settings.items()},
        "access": risk.access,
        "game": risk.game,
        "exposed": lens.estimate(risk.exposed, of=risk.exposed_count),
        "control": lens.estimate(risk.control, of=risk.control_count),
        "blind": lens.estimate(finding.blind),
        "advantage": lens.estimate(risk.advantage),
        "auc": lens.estimate(risk.auc),
        "balanced_accuracy": lens.estimate(risk.balanced_accuracy),
        "tpr_at": [rate_record(at, risk, lens, outside=outside) for at in risk.tpr_at],
        "precision_at": [
            {"prior": p.prior, "fpr": p.fpr, "value": lens.estimate(p.value)} for p in risk.precision_at
        ],
        "epsilon": None if bound is None else _bound_record(bound, lens),
        "epsilons": [_bound_record(b, lens) for b in risk.epsilon],
        "threshold": None if lens.public else lens.number(risk.threshold),
        "strategy": risk.strategy,
        "confidence": risk.confidence,
        "targets": targets,
        "exposed_count": exposed,
        "control_count": control,
        "worlds": risk.worlds,
        "excluded": lens.count(risk.excluded),
        "told": finding.told,
        "conclusive": finding.conclusive,
        "remarks": remarks(finding, lens),
        "seconds": round(risk.seconds, 3),
    }
    record["why"] = {name: _why(name, finding, lens) for name, value in record.items() if value is None}
    return record


def remarks(finding: Finding, lens: Redaction) -> list[str]:
    """What the attack noticed on the way, each remark once, with coarse counts for the public."""
    said = dict.fromkeys(remark for w in finding.diagnostics for remark in w.remarks)
    return [coarse_text(remark) if lens.public else remark for remark in said]


def rate_record(at: RateAt, risk: Risk, lens: Redaction, *, outside: str = OUTSIDE) -> dict[str, Any]:
    """The rate at one false-positive rate, or the reason why there is none."""
    rate, why = lens.estimate(at.rate, of=risk.exposed_count), at.why
    if rate is None and at.rate is not None:
        why = _FEW if lens.public else "the evidence does not give it"
    elif rate is None and (lens.public or not why):
        why = f"needs at least {ceil(1 / at.fpr - 1e-9):,} {outside}"
    return {"fpr": at.fpr, "rate": rate, "controls": lens.count(at.controls), "why": why}


def _bound_record(bound: EpsilonBound, lens: Redaction) -> dict[str, Any]:
    return {
        "low": lens.number(bound.low),
        "ceiling": lens.number(bound.ceiling),
        "method": bound.method,
        "certified": bound.certified,
        "delta": bound.delta,
        "confidence": bound.confidence,
        "assumption": bound.assumption,
    }


_FEW = f"rests on fewer than {FEWEST} people, which is not shown to the public"


def _why(name: str, finding: Finding, lens: Redaction) -> str:
    if name == "blind":
        return "no blind adversary was played"
    if name == "epsilon":
        return "no bound on epsilon applies to this evidence"
    if lens.public and (name == "threshold" or name.endswith("count") or name in ("targets", "excluded")):
        return (
            "not shown to the public" if name == "threshold" else f"fewer than {FEWEST}, or derivable from it"
        )
    measured: Estimate | None = getattr(finding.risk, name, None)
    if lens.public and isinstance(measured, Estimate) and isfinite(measured.value):
        return _FEW
    return "the evidence does not give it"


def coarse(count: int) -> str:
    """A count of people in words for the public: two digits of it, and none under ten.

    >>> coarse(963), coarse(40), coarse(7), coarse(0)
    ('about 960', '40', 'fewer than 10', '0')
    """
    if 0 < count < FEWEST:
        return f"fewer than {FEWEST}"
    shown = Redaction("public").count(count) or 0
    return f"{shown:,}" if shown == count else f"about {shown:,}"


def coarse_text(text: str) -> str:
    """A reason with every count in it coarse; of the counts under ten, those of what there is.

    What an attack needs is no secret ("needs at least 2 classes"), nor is the number of models.

    >>> coarse_text("needs a population of at least 100 and has 963")
    'needs a population of at least 100 and has about 960'
    >>> coarse_text("needs at least 100 records and has 7"), coarse_text("needs 2 classes")
    ('needs at least 100 records and has fewer than 10', 'needs 2 classes')
    """
    models = "reference models" in text

    def blunt(found: re.Match[str]) -> str:
        count = int(found[2].replace(",", ""))
        hidden = count >= FEWEST or (bool(found[1]) and not models)
        return found[1] + (coarse(count) if hidden else found[2])

    return re.sub(r"(\bhas (?:only )?|)(?<![\w.,@-])(\d{1,3}(?:,\d{3})+|\d+)(?![\w%]|[.,]\d)", blunt, text)


def _step(x: float) -> float:
    """The rounding step that leaves two digits of x, and never less than two decimals."""
    return 10.0 ** min(-2, floor(log10(x)) - 1) if x > 0 else 0.01


def _two_digits(n: int) -> int:
    step = 10 ** max(0, floor(log10(n)) - 1)
    return n // step * step


def guessing(fpr: float, controls: int, *, confidence: float) -> float:
    """The largest rate that guessing may reach where `controls` people set a threshold at `fpr`.

    The threshold lets at most `fpr` of these controls pass; of all people like them it may let more. A
    rate is above guessing only if its low end lies above the high end of that share, or a quarter of all
    harmless releases would be accused.

    >>> round(guessing(0.01, 3000, confidence=0.95), 4)
    0.0142
    """
    return float(clopper_pearson(floor(fpr * controls + 1e-9), controls, confidence=confidence)[1])


def share(rate: float) -> str:
    """A rate in the words of a newspaper.

    >>> share(0.41), share(0.0141), share(0.0004), share(1.0), share(0.0)
    ('41 in 100', '14 in 1,000', '4 in 10,000', 'all', 'none')
    """
    if rate <= 0 or rate >= 1:
        return "none" if rate <= 0 else "all"
    per = parts(rate)
    return "more than 99 in 100" if rate > 0.995 else f"{round(rate * per)} in {per:,}"


def times(rate: float) -> str:
    """How often.

    >>> times(0.7), times(0), times(1)
    ('70 in 100 times', 'in no case', 'in every case')
    """
    return "in no case" if rate <= 0 else "in every case" if rate >= 1 else f"{share(rate)} times"


def parts(rate: float) -> int:
    """Of how many people to speak so that the rate is a whole number of at least two digits or so."""
    return next((per for per in (100, 1_000, 10_000) if rate * per >= 1.95), 100_000)


def one_in(rate: float) -> str:
    """A false-positive rate as 'one in so many'.

    >>> one_in(0.01), one_in(0.0001), one_in(0.03)
    ('1 in 100', '1 in 10,000', '3 in 100')
    """
    return f"1 in {round(1 / rate):,}" if abs(1 / rate - round(1 / rate)) < 1e-6 else share(rate)


def spread(e: dict[str, float]) -> str:
    """The interval of a rate in the same words: rounded outward.

    >>> spread({"value": 0.0, "low": 0.0, "high": 0.02, "confidence": 0.95})
    'between 0 and 2 in 100'
    >>> spread({"value": 0.41, "low": 0.384, "high": 0.436, "confidence": 0.95})
    'between 38 and 44 in 100'
    """
    per = parts(e["value"] or e["high"])
    return f"between {floor(e['low'] * per + 1e-9):,} and {ceil(e['high'] * per - 1e-9):,} in {per:,}"


def alike(rate: float, e: dict[str, float]) -> str:
    """A rate of so many as `spread` speaks of, to be compared with it.

    >>> alike(0.01, {"value": 0.0, "low": 0.0, "high": 0.007, "confidence": 0.95})
    '10 in 1,000'
    """
    per = parts(e["value"] or e["high"])
    return f"{ceil(rate * per - 1e-9):,} in {per:,}"


def percent(x: float) -> str:
    """A share in percent, to a sensible digit.

    >>> percent(0.95), percent(0.0123), percent(0.9975)
    ('95 %', '1.2 %', '99.75 %')
    """
    shown = f"{100 * x:.4g}" if x > 0.99 else f"{100 * x:.2g}" if x < 0.1 else f"{100 * x:.3g}"
    return f"{shown} %"
