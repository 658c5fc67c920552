"""Limits that an audit is held to, and the verdict on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.sentence import said
from confide.report.finding import Finding, Ruling
from confide.report.finding_records import NOT_GIVEN, unresolved

FPRS = (0.1, 0.01, 0.001, 0.0001)
"""The false-positive rates that an audit measures: at any other there would be nothing to judge."""

ORDER: tuple[Ruling, ...] = ("exceeded", "inconclusive", "within")
"""Rulings, the worst first."""

RANGES = {
    "tpr": (0.0, 1.0),
    "auc": (0.5, 1.0),
    "advantage": (0.0, 1.0),
    "balanced_accuracy": (0.5, 1.0),
    "epsilon": (0.0, float("inf")),
}
"""What can be limited, and between which values. 0.5 is guessing: a lower limit could never be kept."""

ALLOWED = (
    "write tpr@0.01=0.05 (false-positive rate 0.1, 0.01, 0.001 or 0.0001), auc=0.6, advantage=0.1, "
    "balanced_accuracy=0.6 or epsilon=2."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that an adversary may reach.

    Args:
        quantity: tpr, auc, advantage, balanced_accuracy or epsilon.
        at_most: the limit, in the quantity's own unit (epsilon in nats).
        fpr: for tpr only, the false-positive rate at which it is taken.
    """

    quantity: str
    at_most: float
    fpr: float | None = None

    @classmethod
    def parse(cls, text: str) -> Limit:
        """A limit from the text of a `--limit` option.

        Raises:
            DataError: if the text is not a limit; the message says what is allowed.

        >>> Limit.parse("tpr@0.01=0.05")
        Limit(quantity='tpr', at_most=0.05, fpr=0.01)
        >>> str(Limit.parse("epsilon=2"))
        'epsilon=2'
        """
        name, equals, value = text.replace(" ", "").partition("=")
        quantity, at, rate = name.partition("@")
        # A rate belongs to tpr alone, and tpr means nothing without one.
        if not equals or quantity not in RANGES or bool(at) != (quantity == "tpr"):
            raise DataError(f"{text!r} is not a limit: {ALLOWED}")
        low, high = RANGES[quantity]
        # What is no number becomes NaN, which no range holds.
        at_most, fpr = _number(value), _number(rate) if at else None
        if not (isfinite(at_most) and low <= at_most <= high) or (fpr is not None and fpr not in FPRS):
            raise DataError(f"{text!r} is not a limit that can be checked: {ALLOWED}")
        return cls(quantity=quantity, at_most=at_most, fpr=fpr)

    def __str__(self) -> str:
        where = "" if self.fpr is None else f"@{self.fpr:g}"
        return f"{self.quantity}{where}={self.at_most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One limit, held against one finding."""

    limit: Limit
    attack: str
    ruling: Ruling
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict over all limits and releases, and the exit code of the process."""

    ruling: Ruling
    judged: tuple[Judged, ...]
    strict: bool = False

    @property
    def exit_code(self) -> int:
        """1 if a limit is exceeded, or, when strict, if any is inconclusive; else 0."""
        return int(self.ruling == "exceeded" or (self.strict and self.ruling == "inconclusive"))


def judge(
    findings: Sequence[Finding],
    limits: Sequence[Limit],
    *,
    strict: bool = False,
    doubtful: Sequence[str] = (),
    control: str = "people outside the data",
) -> Verdict:
    """Hold findings against limits; one exceeded limit decides, then one inconclusive.

    A limit is exceeded when even the low end of the interval is above it, and kept when even the
    high end is not. Between the two, where the audit could not have seen that much, and where the
    number is n/a, the verdict is "inconclusive": absence of evidence is not evidence of absence.

    Args:
        findings: the headline of each release, corrected for the number of attacks.
        limits: with none, the ruling is "measured".
        strict: whether "inconclusive" fails.
        doubtful: attacks on the same releases whose own check failed: while there are any, no limit counts as
            kept, for what they did not find may be there.
        control: who the control people are, in words, for the reasons.
    """
    judged = tuple(_doubted(_judge_one(f, limit, control), doubtful) for f in findings for limit in limits)
    return _ruled(judged, strict)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict over several releases, each judged by itself: the worst decides."""
    return _ruled(tuple(j for v in verdicts for j in v.judged), any(v.strict for v in verdicts))


def _ruled(judged: tuple[Judged, ...], strict: bool) -> Verdict:
    there = {j.ruling for j in judged}
    # Without limits nothing was judged, and "measured" is no praise.
    worst: list[Ruling] = [ruling for ruling in ORDER if ruling in there]
    return Verdict(ruling=worst[0] if worst else "measured", judged=judged, strict=strict)


def _doubted(judged: Judged, doubtful: Sequence[str]) -> Judged:
    # What an attack found stands, whatever its own check says.
    if judged.ruling != "within" or not doubtful:
        return judged
    reason = f"{judged.reason}, but not every attack was conclusive ({', '.join(doubtful)})"
    return replace(judged, ruling="inconclusive", reason=reason)


def _judge_one(finding: Finding, limit: Limit, control: str) -> Judged:
    by_epsilon = limit.quantity == "epsilon"
    ruling, reason = _rule_epsilon(finding, limit) if by_epsilon else _rule(finding, limit, control)
    # An excess that even the blind adversary does not explain still counts.
    if finding.blind_wins and not (ruling == "exceeded" and finding.beats_blind):
        ruling = "inconclusive"
        reason = (
            "an adversary that never saw the release already tells the two groups apart, so it is unknown "
            f"how much the release adds ({reason})"
        )
    return Judged(limit=limit, attack=finding.risk.attack, ruling=ruling, reason=reason)


def _rule(finding: Finding, limit: Limit, control: str) -> tuple[Ruling, str]:
    found, why = _quantity(finding, limit, control)
    # The sum is finite only if both ends are.
    if found is None or not isfinite(found.low + found.high):
        return "inconclusive", f"n/a: {why}"
    interval = f"{found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"
    if found.low > limit.at_most:
        return "exceeded", f"{interval} is above {limit.at_most:g}"
    if found.high <= limit.at_most:
        return "within", f"{interval} does not reach above {limit.at_most:g}"
    return "inconclusive", f"{interval} contains the limit of {limit.at_most:g}; more people would narrow it"


def _rule_epsilon(finding: Finding, limit: Limit) -> tuple[Ruling, str]:
    bound = finding.bound
    if bound is None:
        return "inconclusive", "n/a: no bound on epsilon applies to this evidence"
    shown = f"shown at least {bound.low:.3g}, could have shown {bound.ceiling:.3g}"
    if bound.low > limit.at_most:
        return "exceeded", f"{shown}: above {limit.at_most:g}"
    # An audit that could not have shown more must not pass the release.
    if bound.ceiling <= limit.at_most:
        return (
            "inconclusive",
            f"{shown}: too little to see above {limit.at_most:g}; play more worlds or people",
        )
    return "within", f"{shown}: no more than {limit.at_most:g} was found"


def _quantity(finding: Finding, limit: Limit, control: str) -> tuple[Estimate | None, str]:
    """The number that is limited, and the reason to give if it is missing."""
    risk = finding.risk
    if limit.quantity != "tpr":
        return getattr(risk, limit.quantity), NOT_GIVEN
    for at in risk.tpr_at:
        if at.fpr == limit.fpr:
            return at.rate, said(unresolved(at, control=control))
    return None, f"it was not measured at a false-positive rate of {limit.fpr:g}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
