"""Unjudged limits: a limit that no number of a release speaks of is not settled, and never passes unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from confide.report.finding import Section
from confide.report.goals import without_goal
from confide.report.limits import Limit
from confide.report.ruling import Judged
from confide.report.verdict import Verdict

REASON = "nothing that was measured here says anything about it"


def with_unjudged(
    verdicts: Mapping[str, Verdict], sections: Sequence[Section], limits: Sequence[Limit]
) -> dict[str, Verdict]:
    """Rule every limit that no section of a release was held to as *not settled*.

    A limit on the share of proved records says nothing of sections that were measured, one on utility nothing
    where no utility was measured. Left out, they would look like limits that are kept.

    Args:
        verdicts: by section.
        sections: sections of further goals are about the same releases.
        limits: that were set.

    Returns:
        The verdicts, those of the first section of each release with what no section of it judged.
    """
    found, first = dict(verdicts), dict[str, Section]()
    judged: dict[str, set[str]] = {}
    for s in sections:
        release = without_goal(s.release, s.goal)
        first.setdefault(release, s)
        judged.setdefault(release, set()).update(str(j.limit) for j in verdicts[s.release].judged)
    for release, s in first.items():
        verdict = found[s.release]
        more = tuple(
            Judged(limit=limit, attack="none", ruling="not settled", reason=REASON)
            for limit in limits
            if str(limit) not in judged[release]
        )
        worst = "exceeded" if verdict.ruling == "exceeded" else "not settled"
        if more:
            found[s.release] = replace(verdict, ruling=worst, judged=(*verdict.judged, *more))
    return found
