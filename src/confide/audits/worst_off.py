"""The worst of several questions, such as one about each client: no other may make a verdict better."""

from __future__ import annotations

from confide.attacks.blind import Blind
from confide.audits.comparison import among_of
from confide.audits.found import delta_of, findings
from confide.audits.release import AuditedRelease
from confide.audits.spec import AuditSpec
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure import worst
from confide.report import Section
from confide.report.goals import goal
from confide.report.verdict import ORDER, judge_section

BLIND = Blind()


def choose_worst(spec: AuditSpec, release: AuditedRelease) -> None:
    """Choose the question that counts, once all attacks have played: the one with the worst verdict.

    With all intervals corrected for the number of attacks and of questions, what is said of each question
    holds for all of them together. So the worst verdict is the verdict on all, as it is among attacks.
    """
    if release.alternatives < 2 or not release.evidence:
        return
    if goal(release.goal).blind_matters:
        release.of(BLIND)  # what it finds on a question stands against what is found there
    places = range(release.alternatives)
    severity = {k: bad for k in places if (bad := _severity(spec, release, k)) is not None}
    release.unmeasured = tuple(k for k in places if k not in severity)
    # Where nothing can be measured of any, the first says why.
    release.settle(max(severity, key=lambda k: severity[k], default=0))


def _severity(spec: AuditSpec, release: AuditedRelease, place: int) -> tuple[int, float, float] | None:
    """How bad a question is: by its verdict under the limits, then by what the strongest attack finds.

    None where nothing can be measured of it.
    """
    among, evidence = among_of(spec, release), release.of_alternative(place)
    if not evidence:
        return None
    try:
        found = findings(
            evidence,
            release.attacks,
            blind=release.about(BLIND, place) if goal(release.goal).blind_matters else None,
            among=among,
            promise=release.promise,
        )
    except EvidenceError:
        return None
    section = Section(
        release=release.name,
        headline=found.headline,
        findings=found.findings,
        evidence={},
        promise=release.promise,
        unit=release.unit,
        goal=release.goal,
        among=among,
    )
    ruling = judge_section(section, release.settings.parsed_limits).ruling
    risk = found.headline.risk
    # Without limits all rulings are "measured".
    return -ORDER.index(ruling) if ruling in ORDER else 0, risk.auc.low, risk.auc.value


def strongest_of(release: AuditedRelease, place: int, *, among: int) -> Estimate:
    """The AUC of the strongest attack on one of the questions, corrected for all attacks and questions."""
    place, risks = worst(release.of_alternative(place), among=among, delta=delta_of(release.promise))
    return risks[place].auc
