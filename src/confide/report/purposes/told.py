"""What documents of all purposes say of a page: findings in rows, open risks, what was not looked at."""

from __future__ import annotations

from collections.abc import Mapping

from confide.report.page_types import FindingRecord, Page, SectionRecord
from confide.report.purposes.standing import DOUBT
from confide.report.rates import one_in, percent
from confide.report.record_types import EstimateRecord

GOALS: Mapping[str, str] = {
    "membership": "whether a person's record was in the data",
    "attribute": "a trait of a person",
    "linkage": "which record, trace or picture is a person's",
    "reconstruction": "a person's record itself",
}
"""What an adversary can be after, by goal."""


def interval(estimate: EstimateRecord | None, *, share: bool = False) -> str:
    """A number with its interval; "n/a" where there is none."""
    if estimate is None:
        return "n/a"
    write = percent if share else lambda value: f"{value:.3g}"
    return f"{write(estimate['value'])} [{write(estimate['low'])}, {write(estimate['high'])}]"


def found(finding: FindingRecord, *, fpr: float | None, bounds: bool) -> list[str]:
    """One attack in a row: what it found where the headline is read, its AUC, and epsilon.

    At a lower rate that is barely resolved the interval may be from nothing to everything.
    """
    resolved = [rate for rate in finding["tpr_at"] if rate["rate"] is not None]
    read = [rate for rate in resolved if rate["fpr"] == fpr]
    at = next(iter(read or resolved[-1:]), None)
    rate = "n/a" if at is None else f"{interval(at['rate'], share=True)} at {one_in(at['fpr'])}"
    bound = finding["epsilon"] if bounds else None
    shown = (
        "n/a"
        if bound is None or bound["low"] is None
        else f"at least {bound['low']:.2f}"
        + ("" if bound["ceiling"] is None else f"; could have shown {bound['ceiling']:.2f}")
    )
    return [finding["title"] or finding["attack"], rate, interval(finding["auc"]), shown]


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
    risks = [
        f"Not audited: whether somebody can learn {what}." for g, what in GOALS.items() if g not in looked
    ]
    for section in page["sections"]:
        risks += section["warnings"]
    if page["verdict"] == "not settled" or DOUBT in page["verdict_sentence"]:
        risks.append(page["verdict_sentence"])
    return list(dict.fromkeys(risks))


def open_risks(page: Page) -> list[str]:
    """What no number of this page speaks about: a sentence each, once."""
    skipped = [f"{skip['attack']} did not run: {skip['why']}" for skip in page["skipped"]]
    means_not = [line for section in page["sections"] for line in section["means_not"]]
    return list(dict.fromkeys([*limits_of(page), *skipped, *means_not]))


def next_steps(page: Page) -> list[str]:
    """What to do next, each step once, with the releases that it is for where it is not for all."""
    steps: dict[str, list[str]] = {}
    for section in page["sections"]:
        for step in section["next"]:
            steps.setdefault(step, []).append(section["release"])
    every = len(page["sections"])
    return [step if len(names) == every else f"{', '.join(names)}: {step}" for step, names in steps.items()]
