"""Releases compared: the point of each on the frontier, and the exhibits that put them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from confide.audits.frontier import Frontier, Point
from confide.audits.protections import frontier_exhibits
from confide.audits.release import AuditedRelease
from confide.audits.spec import AuditSpec, Subject
from confide.report import Exhibit

Rulings = Mapping[tuple[str, str], str]
"""How each release stands to the limits, by the goal of its attacks and its name."""


def among_of(spec: AuditSpec, release: AuditedRelease) -> int:
    """For how many attacks all intervals are corrected: all that the audit has, and not those that ran.

    What one attack shows then does not depend on which others ran.
    """
    played = len(release.attacks) + sum(len(planned.found) for planned in release.games)
    # The worst of several questions is chosen by looking, as the worst of several attacks is.
    return max(len(spec.known or spec.attacks), played) * release.alternatives


def corrected(spec: AuditSpec, release: AuditedRelease) -> float:
    """The confidence of each interval, such that those of all attacks hold together at 95 %."""
    return 1 - 0.05 / among_of(spec, release)


def point_of(
    spec: AuditSpec, subject: Subject, release: AuditedRelease, plain: AuditedRelease
) -> Point | None:
    """A release on the frontier: its risk alone would praise a protection that leaves nothing of use."""
    risk = subject.risk(release, plain, confidence=corrected(spec, release))
    if risk is None:
        return None
    left, beside = subject.utility(release), {}
    if spec.beside is not None:
        beside = spec.beside(subject, release, corrected(spec, release))
    return Point(name=release.name, promise=release.promise, risk=risk, left=left, beside=beside)


def compared_exhibits(
    spec: AuditSpec,
    aim: str,
    found: Sequence[Point],
    releases: Sequence[AuditedRelease],
    rulings: Rulings,
) -> Sequence[Exhibit]:
    """What puts the releases of one goal side by side.

    Args:
        aim: the goal.
        found: their points.
        rulings: shown where there are limits.
    """
    limits = releases[0].settings.parsed_limits
    points = [replace(p, ruling=rulings.get((aim, p.name), "")) if limits else p for p in found]
    drawn = {str(limit): limit.at_most for limit in limits if limit.quantity in ("auc", "tpr")}
    return frontier_exhibits(
        Frontier(risk=spec.risk_of(aim), points=tuple(points), of=_exposed(releases), limits=drawn),
        across=spec.across,
        good=spec.good,
        proved=releases[0].proof is not None,
    )


def _exposed(releases: Sequence[AuditedRelease]) -> int | None:
    """On how many people a share of the exposed rests, on the release where they are fewest."""
    found = [len(np.unique(e.person[e.exposed])) for release in releases for e in release.evidence]
    found += [release.proof.people or 0 for release in releases if release.proof is not None]
    return min(found, default=None)
