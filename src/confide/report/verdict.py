"""Limits that an audit is held to, and the verdict on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite, nan
from typing import Literal

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.language import t
from confide.core.sentence import said
from confide.report import proofs
from confide.report.finding import Finding, Ruling, Section, Usefulness
from confide.report.finding_records import NOT_GIVEN, unresolved
from confide.report.goals import goal

FPRS = (0.1, 0.01, 0.001, 0.0001)
"""The false-positive rates that an audit measures: at any other there would be nothing to judge."""

ORDER: tuple[Ruling, ...] = ("exceeded", "not settled", "within")
"""Rulings, the worst first."""

RANGES = {
    "tpr": (0.0, 1.0),
    "auc": (0.5, 1.0),
    "advantage": (0.0, 1.0),
    "balanced_accuracy": (0.5, 1.0),
    "epsilon": (0.0, float("inf")),
    "proved": (0.0, 1.0),
}
"""What can be limited, and between which values. 0.5 is guessing: a lower limit could never be kept."""

GUESSING = {"auc": 0.5, "advantage": 0.0, "balanced_accuracy": 0.5}
"""What guessing reaches. A TPR below the false-positive rate is not here: it says nothing of the rest."""

PROVED = "proved"
"""A limit on the share of people whose record is proved."""
UTILITY = "utility"
"""A limit without a number: the release must be of more use than its columns shuffled."""

ALLOWED = (
    "write tpr@0.01=0.05 (false-positive rate 0.1, 0.01, 0.001 or 0.0001), auc=0.6, advantage=0.1, "
    "balanced_accuracy=0.6 or epsilon=2; of tables of counts also proved=0.05 (records that are certain), "
    "of synthetic files also utility (worse than shuffled columns)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that an adversary may reach.

    Args:
        quantity: tpr, auc, advantage, balanced_accuracy, epsilon, proved or utility.
        at_most: the limit, in the quantity's own unit (epsilon in nats); 0 for utility, which has none.
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
        if text.strip() == UTILITY:
            return cls(quantity=UTILITY, at_most=0.0)
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
        if self.quantity == UTILITY:
            return UTILITY
        where = "" if self.fpr is None else f"@{self.fpr:g}"
        return f"{self.quantity}{where}={self.at_most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One limit, or the promise, held against every finding; `attack` is the one that decided."""

    limit: Limit | Literal["the promise"]
    attack: str
    ruling: Ruling
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict over all limits and releases, and the exit code of the process."""

    ruling: Ruling
    judged: tuple[Judged, ...]
    allow_unsettled: bool = False

    @property
    def exit_code(self) -> int:
        """1 if a limit is exceeded, or not settled where that is not allowed; else 0."""
        # A gate that opens where nothing is known would let through what nobody looked at.
        failed = ("exceeded",) if self.allow_unsettled else ("exceeded", "not settled")
        return int(self.ruling in failed)


def judge(
    findings: Sequence[Finding],
    limits: Sequence[Limit],
    *,
    allow_unsettled: bool = False,
    doubtful: Sequence[str] = (),
    certain: bool = True,
    control: str = "people outside the data",
) -> Verdict:
    """Hold every finding against every limit; looking harder can only make a verdict worse.

    - *exceeded*: of some attack even the low end of the interval is above the limit.
    - *within*: of no attack is the high end above the limit, and nothing stands against believing it.
    - *not settled*: all else. Absence of evidence is not evidence of absence.

    Another attack adds a finding and changes none, because every interval is corrected for all attacks that
    the audit might have played. So it can turn *within* into *not settled* or *exceeded*, and nothing back.
    A bound on epsilon has no high end: an audit shows that a promise is broken, never that it is kept.

    Args:
        findings: of the attacks on one release.
        limits: with none, the ruling is "measured".
        allow_unsettled: whether a limit that is not settled passes.
        doubtful: attacks on the same release whose own check failed: while there are any, no limit counts as
            kept, for what they did not find may be there.
        certain: is every claim about exposed people right? Where claims can be wrong, numbers below guessing
            are no sign of scores that are upside down.
        control: who the control people are, in words, for the reasons.
    """
    judged = tuple(
        # Where several say the same, the one that surely found most is named.
        _doubted(
            _worst([_judge_one(f, limit, control, certain) for f in _most_first(findings, limit)]), doubtful
        )
        for limit in limits
    )
    return _ruled(judged, allow_unsettled)


def judge_section(s: Section, limits: Sequence[Limit], *, allow_unsettled: bool = False) -> Verdict:
    """Every finding on one release, held against the limits.

    A limit on the share of records that are proved is for sections of proofs, every other limit for those
    that were measured.
    """
    if s.proof is not None:
        attack, mine = s.headline.risk.attack, [limit for limit in limits if limit.quantity == PROVED]
        ruled = [(limit, *proofs.ruling(s.proof, limit.at_most)) for limit in mine]
        each = [Judged(limit=one, attack=attack, ruling=ruling, reason=why) for one, ruling, why in ruled]
        return _ruled(tuple(_doubted(one, s.doubtful) for one in each), allow_unsettled)
    # An audit that cannot settle what people risk must not be headed by "within", however good its file is.
    of_use = [_useful(s.useful, limit) for limit in limits if limit.quantity == UTILITY and s.useful]
    useful = [_doubted(one, s.unsettled) for one in of_use]
    limits = [limit for limit in limits if limit.quantity not in (PROVED, UTILITY)]
    aim, found = goal(s.goal), list(s.findings)
    if not aim.bounds:  # an epsilon that means nothing for this goal must not decide
        found = [replace(f, risk=replace(f.risk, epsilon=())) for f in found]
    verdict = judge(
        found,
        limits,
        allow_unsettled=allow_unsettled,
        doubtful=s.doubtful,
        certain=aim.certain,
        control=aim.people[1],
    )
    return _ruled((*_promise(s, found), *verdict.judged, *useful), allow_unsettled)


def _useful(useful: Usefulness, limit: Limit) -> Judged:
    return Judged(limit=limit, attack="utility gate", ruling=useful.ruling, reason=useful.reason)


def _promise(s: Section, found: Sequence[Finding]) -> list[Judged]:
    """What breaks the promise: checks that failed, and a certified bound above it. It needs no limit."""
    broken = [
        Judged(limit="the promise", attack=name, ruling="exceeded", reason=t("this check failed"))
        for name in s.broken
    ]
    for f in found:
        bound = f.bound
        if s.promise is None or not s.comparable or bound is None or not bound.certified:
            continue
        if bound.low > s.promise.epsilon and bound.delta >= s.promise.delta:
            reason = t(
                "epsilon of at least {low:.3g} is proved, and {promised:g} was promised",
                low=bound.low,
                promised=s.promise.epsilon,
            )
            broken.append(Judged(limit="the promise", attack=f.risk.attack, ruling="exceeded", reason=reason))
    return broken


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict over several releases, each judged by itself: the worst decides."""
    judged = tuple(j for v in verdicts for j in v.judged)
    return _ruled(judged, all(v.allow_unsettled for v in verdicts))


def _ruled(judged: tuple[Judged, ...], allow_unsettled: bool) -> Verdict:
    there = {j.ruling for j in judged}
    # Without limits nothing was judged, and "measured" is no praise.
    worst: list[Ruling] = [ruling for ruling in ORDER if ruling in there]
    ruling = worst[0] if worst else "measured"
    return Verdict(ruling=ruling, judged=judged, allow_unsettled=allow_unsettled)


def _most_first(findings: Sequence[Finding], limit: Limit) -> list[Finding]:
    def found(finding: Finding) -> tuple[float, float]:
        by_epsilon = limit.quantity == "epsilon"
        at = finding.bound if by_epsilon else _quantity(finding, limit, "")[0]
        if at is None or not isfinite(at.low):
            return -inf, -inf
        # Several low ends may be 0: then the higher value goes first.
        return at.low, at.value if isinstance(at, Estimate) else at.low

    return sorted(findings, key=found, reverse=True)


def _worst(judged: Sequence[Judged]) -> Judged:
    return min(judged, key=lambda j: ORDER.index(j.ruling))


def _doubted(judged: Judged, doubtful: Sequence[str]) -> Judged:
    # What an attack found stands, whatever its own check says.
    if judged.ruling != "within" or not doubtful:
        return judged
    reason = t(
        "{reason}, but not everything was conclusive ({names})",
        reason=judged.reason,
        names=", ".join(doubtful),
    )
    return replace(judged, ruling="not settled", reason=reason)


def _judge_one(finding: Finding, limit: Limit, control: str, certain: bool) -> Judged:
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
    found, why = _quantity(finding, limit, control)
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


def _quantity(finding: Finding, limit: Limit, control: str) -> tuple[Estimate | None, str]:
    """The number that is limited, and the reason to give if it is missing."""
    risk = finding.risk
    if limit.quantity != "tpr":
        return getattr(risk, limit.quantity), t(NOT_GIVEN)
    for at in risk.tpr_at:
        if at.fpr == limit.fpr:
            return at.rate, said(unresolved(at, control=control))
    return None, t("it was not measured at a false-positive rate of {fpr:g}", fpr=limit.fpr)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
