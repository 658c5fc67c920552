"""Findings as records of the page: coarse for the public, null with a reason where there is no number."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite

from confide.core.budget import Budget
from confide.core.estimate import Estimate
from confide.core.language import later, parts, t
from confide.measure.risk import EpsilonBound, RateAt, Risk
from confide.report.finding import Finding
from confide.report.goals import Goal
from confide.report.page_types import BoundRecord, FindingRecord, PromiseRecord, RateRecord
from confide.report.redaction import FEWEST, Redaction, too_few

NOT_GIVEN = later("the evidence does not give it")


def finding_record(finding: Finding, *, release: str, goal: Goal, redaction: Redaction) -> FindingRecord:
    """One finding of report.json, with the numbers that say something where this goal is pursued."""
    risk, bound = finding.risk, finding.bound if goal.bounds else None
    exposed, control = redaction.count(risk.exposed_count), redaction.count(risk.control_count)
    # with one side and the sum, the other side could be found by subtraction
    whole = exposed is not None and control is not None
    sides = (risk.exposed_count, risk.control_count)
    record: FindingRecord = {
        "release": release,
        "attack": risk.attack,
        "title": t(finding.title) if finding.title else risk.attack,
        "citation": finding.citation,
        "settings": {name: str(value) for name, value in finding.settings.items()},
        "access": risk.access,
        "game": risk.game,
        "exposed": redaction.estimate(risk.exposed, of=risk.exposed_count),
        "control": redaction.estimate(risk.control, of=risk.control_count),
        "blind": redaction.estimate(finding.blind),
        "advantage": redaction.estimate(risk.advantage),
        "auc": redaction.estimate(risk.auc),
        "balanced_accuracy": redaction.estimate(risk.balanced_accuracy),
        "tpr_at": [rate_record(at, risk, goal=goal, redaction=redaction) for at in risk.tpr_at],
        "precision_at": [
            {"prior": p.prior, "fpr": p.fpr, "value": redaction.estimate(p.value)}
            for p in risk.precision_at
            # Where claims about exposed people can be wrong too, rates do not say how often a claim is right.
            if goal.condition
        ],
        "epsilon": None if bound is None else _bound_record(bound, redaction),
        "epsilons": [_bound_record(b, redaction) for b in risk.epsilon if goal.bounds],
        # With the threshold somebody who has the scores could name the people above it.
        "threshold": None if redaction.public else redaction.number(risk.threshold),
        "strategy": t(risk.strategy),
        "confidence": risk.confidence,
        "targets": redaction.whole(risk.people, *sides) if whole else None,
        "asked": redaction.whole(risk.rows, *sides) if whole else None,
        "sample_of": redaction.count(finding.sample_of),
        "exposed_count": exposed,
        "control_count": control,
        "worlds": risk.worlds,
        "excluded": redaction.count(risk.excluded),
        "told": finding.told,
        "conclusive": finding.conclusive,
        "remarks": _remarks(finding, redaction),
        "seconds": redaction.seconds(risk.seconds),
        "why": {},
    }
    missing = [name for name, value in record.items() if value is None]
    return {**record, "why": {name: _why(name, finding, redaction) for name in missing}}


def rate_record(at: RateAt, risk: Risk, *, goal: Goal, redaction: Redaction) -> RateRecord:
    """The rate at one false-positive rate, or the reason why there is none."""
    rate, why = redaction.estimate(at.rate, of=risk.exposed_count), ""
    # It exists and may not be seen, or it was never measured: two reasons that a reader must not mix up.
    if rate is None and at.rate is not None:
        why = too_few() if redaction.public else t(NOT_GIVEN)
    elif rate is None:
        why = redaction.text(unresolved(at, control=goal.people[1]))
    plain = None if rate is None or at.empirical is None else redaction.number(at.empirical)
    controls = redaction.count(at.controls)
    return {"fpr": at.fpr, "rate": rate, "empirical": plain, "controls": controls, "why": why}


def unresolved(at: RateAt, *, control: str) -> tuple[str | int, ...]:
    """What it takes to measure a rate, and what there is, as parts of a sentence.

    Args:
        control: who the control people are, in words.

    >>> "".join(map(str, unresolved(RateAt(0.001, None, 50), control="people outside the data")))
    'needs at least 1,000 people outside the data, and there are 50'
    """
    need = -int(-1 // Fraction(str(float(at.fpr))))  # exact: 1 / 0.0001 is 10000.000000000002
    if at.controls >= need:
        return (t(NOT_GIVEN),)
    return parts(
        "needs at least {need:,} {control}, and there are {there}",
        need=need,
        control=control,
        there=int(at.controls),
    )


def _remarks(finding: Finding, redaction: Redaction) -> list[str]:
    """What the attack noticed on the way, each remark once."""
    # In several worlds an attack notices the same.
    noticed = dict.fromkeys(remark for d in finding.diagnostics for remark in d.remarks)
    return redaction.texts(list(noticed))


def _bound_record(bound: EpsilonBound, redaction: Redaction) -> BoundRecord:
    return {
        "low": redaction.bound(bound.low),
        "ceiling": redaction.bound(bound.ceiling),
        "method": t(bound.method),
        "certified": bound.certified,
        "delta": bound.delta,
        "confidence": bound.confidence,
        "assumption": t(bound.assumption),
    }


def _why(name: str, finding: Finding, redaction: Redaction) -> str:
    """The reason why a number of this name is missing."""
    if name == "blind":
        return t("no blind adversary was played")
    if name == "epsilon":
        return t("no bound on epsilon applies to this evidence")
    if redaction.public and name == "threshold":
        return t("not shown to the public")
    if redaction.public and (name.endswith("count") or name in ("targets", "asked", "sample_of", "excluded")):
        return t("fewer than {n}, or could be worked out from such a count", n=FEWEST)
    # A number that exists was held back; one that does not was never given.
    measured: object = getattr(finding.risk, name, None)
    if redaction.public and isinstance(measured, Estimate) and isfinite(measured.value):
        return too_few()
    return t(NOT_GIVEN)


def promise_record(budget: Budget) -> PromiseRecord:
    """The promise of a release."""
    return {"epsilon": budget.epsilon, "delta": budget.delta, "unit": str(budget.unit), "text": str(budget)}
