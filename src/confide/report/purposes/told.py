"""What documents of all purposes say of a page: findings in rows, open risks, what was not looked at."""

from __future__ import annotations

from collections.abc import Mapping

from confide.report.page_types import FindingRecord, Page, SectionRecord
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


def found(finding: FindingRecord, *, bounds: bool) -> list[str]:
    """One attack in a row: what it found at the lowest rate that was resolved, its AUC, and epsilon."""
    at = next((rate for rate in reversed(finding["tpr_at"]) if rate["rate"] is not None), None)
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
        found(finding, bounds=section["labels"]["bounds"])
        for finding in page["findings"]
        if finding["release"] == section["release"]
    ]


def open_risks(page: Page) -> list[str]:
    """What no number of this page speaks about: a sentence each, once."""
    looked = {section["goal"] for section in page["sections"]}
    risks = [
        f"Not audited: whether somebody can learn {what}." for g, what in GOALS.items() if g not in looked
    ]
    risks += [f"{skip['attack']} did not run: {skip['why']}" for skip in page["skipped"]]
    for section in page["sections"]:
        risks += [*section["warnings"], *section["means_not"]]
    if page["verdict"] == "not settled":
        risks.append(page["verdict_sentence"])
    return list(dict.fromkeys(risks))


def promised(section: SectionRecord) -> str:
    """The promise of a release, in a sentence."""
    promise = section["promise"]
    if promise is None:
        return "The release promises nothing in the sense of differential privacy."
    return f"The release promises {promise['text']}."
