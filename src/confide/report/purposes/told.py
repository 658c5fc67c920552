"""What documents of all purposes say of a page: findings in rows, open risks, what was not looked at."""

from __future__ import annotations

from collections.abc import Mapping

from confide.core.language import later, number, t
from confide.report.page_types import BoundRecord, FindingRecord, Page, SectionRecord
from confide.report.purposes.standing import DOUBT
from confide.report.rates import one_in, percent
from confide.report.record_types import EstimateRecord

GOALS: Mapping[str, str] = {
    "membership": later("Not audited: whether somebody can learn whether a person's record was in the data."),
    "attribute": later("Not audited: whether somebody can learn a trait of a person."),
    "linkage": later("Not audited: whether somebody can learn which record, trace or picture is a person's."),
    "reconstruction": later("Not audited: whether somebody can learn a person's record itself."),
}
"""What an adversary can be after and the audit did not look at, by goal."""


def interval(estimate: EstimateRecord | None, *, share: bool = False) -> str:
    """A number with its interval; "n/a" where there is none."""
    if estimate is None:
        return t("n/a")
    value, low, high = (
        percent(estimate[end]) if share else number(estimate[end], ".3g") for end in ("value", "low", "high")
    )
    return t("{value} [{low}, {high}]", value=value, low=low, high=high)


def found(finding: FindingRecord, *, fpr: float | None, bounds: bool) -> list[str]:
    """One attack in a row: what it found where the headline is read, its AUC, and epsilon.

    At a lower rate that is barely resolved the interval may be from nothing to everything.
    """
    resolved = [rate for rate in finding["tpr_at"] if rate["rate"] is not None]
    read = [rate for rate in resolved if rate["fpr"] == fpr]
    at = next(iter(read or resolved[-1:]), None)
    rate = (
        t("n/a")
        if at is None
        else t("{interval} at {rate}", interval=interval(at["rate"], share=True), rate=one_in(at["fpr"]))
    )
    bound = finding["epsilon"] if bounds else None
    return [finding["title"] or finding["attack"], rate, interval(finding["auc"]), _shown(bound)]


def _shown(bound: BoundRecord | None) -> str:
    if bound is None or bound["low"] is None:
        return t("n/a")
    if bound["ceiling"] is None:
        return t("at least {low:.2f}", low=bound["low"])
    return t("at least {low:.2f}; could have shown {ceiling:.2f}", low=bound["low"], ceiling=bound["ceiling"])


def tried(page: Page, section: SectionRecord) -> list[list[str]]:
    """All attacks on a release that ran, a row each."""
    return [
        found(finding, fpr=section["fpr"], bounds=section["labels"]["bounds"])
        for finding in page["findings"]
        if finding["release"] == section["release"]
    ]


def limits_of(page: Page) -> list[str]:
    """What the audit did not look at or could not settle, and its warnings: a sentence each, once."""
    looked = {section["goal"] for section in page["sections"]}
    risks = [t(what) for g, what in GOALS.items() if g not in looked]
    for section in page["sections"]:
        risks += section["warnings"]
    if page["verdict"] == "not settled" or t(DOUBT) in page["verdict_sentence"]:
        risks.append(page["verdict_sentence"])
    return list(dict.fromkeys(risks))


def open_risks(page: Page) -> list[str]:
    """What no number of this page speaks about: a sentence each, once."""
    skipped = [
        t("{attack} did not run: {why}", attack=skip["attack"], why=skip["why"]) for skip in page["skipped"]
    ]
    means_not = [line for section in page["sections"] for line in section["means_not"]]
    return list(dict.fromkeys([*limits_of(page), *skipped, *means_not]))


def next_steps(page: Page) -> list[str]:
    """What to do next, each step once, with the releases that it is for where it is not for all."""
    steps: dict[str, list[str]] = {}
    for section in page["sections"]:
        for step in section["next"]:
            steps.setdefault(step, []).append(section["release"])
    every = len(page["sections"])
    return [
        step if len(names) == every else t("{label}: {text}", label=", ".join(names), text=step)
        for step, names in steps.items()
    ]
