"""Agreement of a report with the evidence that it was made from, measured again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose
from typing import cast

from confide.core.estimate import Estimate
from confide.measure import Risk, worst
from confide.report import Finding, Limit, Redaction, judge
from confide.report.finding_records import finding_record
from confide.report.goals import goal
from confide.report.measured import MeasuredRelease
from confide.report.page_types import FindingRecord, Page
from confide.report.verdict import ORDER

ERROR = 0.05
"""Of all intervals of a release together: their confidence tells how many attacks it was divided among."""
USUAL_DELTA = 1e-5
NUMBERS = (
    "exposed", "control", "advantage", "auc", "balanced_accuracy", "tpr_at", "threshold", "confidence",
    "targets", "asked", "sample_of", "exposed_count", "control_count", "worlds", "excluded", "access", "game",
    "conclusive", "epsilons",
)  # fmt: skip
"""What of a finding follows from its evidence, whatever the goal."""


def measured_again(release: MeasuredRelease) -> tuple[str, dict[str, Risk]]:
    """The strongest attack on a release by its evidence, and the risks of all, corrected as they were."""
    confidence = release.record["finding"]["confidence"]
    among = max(1, round(ERROR / max(1 - confidence, 1e-12)))
    evidence = [release.evidence[f["attack"]] for f in release.findings]
    place, risks = worst(evidence, among=among, delta=_delta(release))
    names = [f["attack"] for f in release.findings]
    return names[place], dict(zip(names, risks, strict=True))


def _delta(release: MeasuredRelease) -> float:
    return next((b["delta"] for f in release.findings for b in f["epsilons"]), USUAL_DELTA)


def disagreement(
    page: Page, releases: Sequence[MeasuredRelease], again: Mapping[str, tuple[str, Mapping[str, Risk]]]
) -> str:
    """The first number or ruling of a report that does not follow from the evidence; empty if all do.

    Args:
        again: of each release by its name, what `measured_again` found.
    """
    for release in releases:
        if release.proved:
            continue
        strongest, mine = again[release.release]
        for f in release.findings:
            if said := _in_finding(release, f, mine[f["attack"]]):
                return f"{said} of {f['attack']} on {release.release}"
        head = release.record["finding"]
        if head["attack"] != strongest or head not in release.findings:
            return f"the headline of {release.release}"
        if said := _milder(page, release, mine):
            return said
    return ""  # the verdict over all was held to its limits as the report was read


def _in_finding(release: MeasuredRelease, f: FindingRecord, risk: Risk) -> str:
    """The first number of a finding that is another."""
    evidence = release.evidence[f["attack"]]
    found = Finding(risk=risk, diagnostics=evidence.diagnostics, sample_of=evidence.sample_of)
    # The page names the goal at large; whether epsilon is shown depends on the goal in particular.
    aim = replace(goal(release.goal), bounds=release.record["labels"]["bounds"])
    made = finding_record(found, release=release.release, goal=aim, redaction=Redaction())
    kept, again = cast(dict[str, object], f), cast(dict[str, object], made)
    if kept["sample_of"] is None:  # a report of an earlier version did not keep it
        again["sample_of"] = None
    return next((name for name in NUMBERS if not _equal(_numbers(kept[name]), _numbers(again[name]))), "")


def _numbers(value: object) -> object:
    """A record without its words: they depend on the goal and the language."""
    if isinstance(value, dict):
        record = cast(dict[str, object], value)
        return {k: _numbers(v) for k, v in record.items() if k not in ("why", "assumption", "method")}
    return [_numbers(v) for v in cast(list[object], value)] if isinstance(value, list) else value


def _equal(one: object, other: object) -> bool:
    """Are both the same, but for the last digits, in which processors differ?"""
    if isinstance(one, dict) and isinstance(other, dict):
        first, second = cast(dict[str, object], one), cast(dict[str, object], other)
        return first.keys() == second.keys() and all(_equal(v, second[k]) for k, v in first.items())
    if isinstance(one, list) and isinstance(other, list):
        many, more = cast(list[object], one), cast(list[object], other)
        return len(many) == len(more) and all(_equal(a, b) for a, b in zip(many, more, strict=True))
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, int | float) and isinstance(other, int | float)
        return numbers and isclose(cast(float, one), cast(float, other), rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _milder(page: Page, release: MeasuredRelease, risks: Mapping[str, Risk]) -> str:
    """A limit of a release that is ruled more mildly than its numbers allow; empty if there is none."""
    blind = release.record["finding"]["blind"]
    seen = (
        None if blind is None else Estimate(blind["value"], blind["low"], blind["high"], blind["confidence"])
    )
    found = [
        Finding(risk=risks[f["attack"]], blind=seen, diagnostics=release.evidence[f["attack"]].diagnostics)
        for f in release.findings
    ]
    doubtful = [f["attack"] for f in release.findings if not f["conclusive"]]
    for row in page["limits"]:
        if row["release"] != release.release or "=" not in row["limit"] or row["limit"].startswith("proved"):
            continue
        # What else may stand against a limit makes a ruling worse, never milder.
        ruled = judge(found, [Limit.parse(row["limit"])], doubtful=doubtful, certain=False).ruling
        if ORDER.index(row["verdict"]) > ORDER.index(ruled):
            return f"{row['limit']} on {release.release} is {row['verdict']!r}, by the evidence {ruled!r}"
    return ""
