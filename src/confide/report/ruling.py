"""Rulings: one finding held against one limit, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Literal

from confide.core.estimate import Estimate
from confide.core.language import t
from confide.core.sentence import said
from confide.report.finding import Finding, Ruling
from confide.report.finding_records import NOT_GIVEN, unresolved
from confide.report.limits import Limit

GUESSING = {"auc": 0.5, "advantage": 0.0, "balanced_accuracy": 0.5}
"""What guessing reaches. A TPR below the false-positive rate is not here: it says nothing of the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One limit, or the promise, held against every finding; `attack` is the one that decided."""

    limit: Limit | Literal["the promise"]
    attack: str
    ruling: Ruling
    reason: str


def judge_one(finding: Finding, limit: Limit, control: str, certain: bool) -> Judged:
    by_epsilon = limit.quantity == "epsilon"
    ruling, reason = _rule_epsilon(finding, limit) if by_epsilon else _rule(finding, limit, control, certain)
    # An excess that even the blind adversary does not explain still counts.
    if finding.blind_wins and not (ruling == "exceeded" and finding.beats_blind):
        ruling = "not settled"
        reason = t(
            "an adversary that never saw the release already tells the two groups apart, so it is unknown "
            "how much the release adds ({reason})",
            reason=reason,
        )
    return Judged(limit=limit, attack=finding.risk.attack, ruling=ruling, reason=reason)


def _rule(finding: Finding, limit: Limit, control: str, certain: bool) -> tuple[Ruling, str]:
    found, why = quantity_of(finding, limit, control)
    # The sum is finite only if both ends are.
    if found is None or not isfinite(found.low + found.high):
        return "not settled", t("n/a: {why}", why=why)
    interval, limited = _interval(found), limit.at_most
    if found.low > limited:
        return "exceeded", t("{interval} is above {limit:g}", interval=interval, limit=limited)
    if certain and (upside_down := _upside_down(finding, limit, found)):
        return "not settled", t("{label}: {text}", label=interval, text=upside_down)
    if found.high <= limited:
        return "within", t("{interval} does not reach above {limit:g}", interval=interval, limit=limited)
    return "not settled", t(
        "{interval} contains the limit of {limit:g}; {people}",
        interval=interval,
        limit=limited,
        people=_people(finding, limit, found),
    )


def _interval(e: Estimate) -> str:
    return t("{value:.3g} [{low:.3g}, {high:.3g}]", value=e.value, low=e.low, high=e.high)


def _upside_down(finding: Finding, limit: Limit, found: Estimate) -> str:
    """Why a number below guessing is no good news; empty where it is not below."""
    auc, guessing = finding.risk.auc, GUESSING.get(limit.quantity, 0.0)
    if found.high >= guessing and not auc.high < GUESSING["auc"]:
        return ""
    if auc.high < GUESSING["auc"]:
        return t(
            "the AUC {interval} is below what guessing reaches, so the scores tell the groups apart the "
            "wrong way round, and turned round they would find more",
            interval=_interval(auc),
        )
    return t(
        "it is below what guessing reaches, so the scores tell the groups apart the wrong way round, "
        "and turned round they would find more"
    )


def _people(finding: Finding, limit: Limit, found: Estimate) -> str:
    """How many people it would take to settle a limit, if what is found stays the same."""
    risk = finding.risk
    apart = limit.at_most - found.value
    # To the side on which the limit is; an interval shrinks with the square root of the people.
    half = found.high - found.value if apart > 0 else found.value - found.low
    times = (half / apart) ** 2 if apart else float("inf")
    if times > 10_000:
        return t("what was found is on the limit, and no number of people would settle it")
    need = ceil(1.1 * times * risk.people)
    return t("about {n:,} people would settle it, if what is found stays the same", n=_round(need))


def _round(people: int) -> int:
    """To two digits, upwards: more would look more certain than it is."""
    step = 10 ** max(len(str(people)) - 2, 0)
    return -(-people // step) * step


def _rule_epsilon(finding: Finding, limit: Limit) -> tuple[Ruling, str]:
    bound = finding.bound
    if bound is None:
        return "not settled", t("n/a: no bound on epsilon applies to this evidence")
    low, ceiling, most = bound.low, bound.ceiling, limit.at_most
    if low > most:
        return "exceeded", t(
            "shown at least {low:.3g}, could have shown {ceiling:.3g}: above {limit:g}",
            low=low,
            ceiling=ceiling,
            limit=most,
        )
    # An audit that could not have shown more must not look as if it had looked.
    if ceiling <= most:
        return "not settled", t(
            "shown at least {low:.3g}, could have shown {ceiling:.3g}: too little to see above {limit:g}; "
            "play more worlds or people",
            low=low,
            ceiling=ceiling,
            limit=most,
        )
    return "not settled", t(
        "shown at least {low:.3g}, could have shown {ceiling:.3g}: no more than {limit:g} was found, and an "
        "audit cannot show that there is no more",
        low=low,
        ceiling=ceiling,
        limit=most,
    )


def quantity_of(finding: Finding, limit: Limit, control: str) -> tuple[Estimate | None, str]:
    """The number that is limited, and the reason to give if it is missing."""
    risk = finding.risk
    if limit.quantity != "tpr":
        return getattr(risk, limit.quantity), t(NOT_GIVEN)
    for at in risk.tpr_at:
        if at.fpr == limit.fpr:
            return at.rate, said(unresolved(at, control=control))
    return None, t("it was not measured at a false-positive rate of {fpr:g}", fpr=limit.fpr)
