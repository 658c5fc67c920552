"""Limits that an audit is held to, and the verdict on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

from confide.core.estimate import Estimate
from confide.core.language import t
from confide.report import proofs
from confide.report.finding import Finding, Ruling, Section, Usefulness
from confide.report.goals import goal
from confide.report.limits import PROVED, UTILITY, Limit
from confide.report.ruling import Judged, judge_one, quantity_of

ORDER: tuple[Ruling, ...] = ("exceeded", "not settled", "within")
"""Rulings, the worst first."""


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
            _worst([judge_one(f, limit, control, certain) for f in _most_first(findings, limit)]), doubtful
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
        at = finding.bound if by_epsilon else quantity_of(finding, limit, "")[0]
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
