"""Consequences: what the numbers amount to, what must not be read into them, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.language import later, t
from confide.report.finding import Ruling
from confide.report.goals import Goal, GoalName
from confide.report.page_types import FindingRecord, Outcome, PromiseRecord
from confide.report.rates import often, one_in, percent
from confide.report.sentences import auc

TASKS: dict[GoalName, str] = {
    "membership": later("telling who is in the data"),
    "attribute": later("guessing a trait of a person"),
    "linkage": later("finding the record of a person"),
    "reconstruction": later("rebuilding records"),
}
"""What each goal is after, to name the harms that a report is no test of."""


def mend() -> str:
    """What to do about a promise that is broken."""
    return t(
        "Publish nothing on the strength of this promise: mend what the failed checks name, make the release "
        "again, and audit again."
    )


def again() -> str:
    """What to do after a change."""
    return t("Run the same audit again with the same seed, and compare the two reports.")


def other_harms(aim: GoalName) -> str:
    """What the report is no test of."""
    # A reader takes a report for a test of everything, unless it says what it did not test.
    first, second, third = (t(task) for name, task in TASKS.items() if name != aim)
    return t(
        "Not a test of other harms: {first}, {second} and {third} take other audits.",
        first=first,
        second=second,
        third=third,
    )


def means(
    h: FindingRecord,
    story: Outcome,
    *,
    harm: str,
    promise: PromiseRecord | None,
    comparable: bool,
    goal: Goal,
) -> list[str]:
    """What the numbers amount to; a promise of another unit is printed, but not held against the bound."""
    lines = [harm] if harm else []
    if story == "broken":
        mixed = t(
            "The numbers in this report mix what the release shows with what the groups show by themselves."
        )
        return [*lines, mixed]
    lines += [line for line in (auc(h, goal), *_right_claims(h, goal)) if line]
    if not goal.bounds:
        return lines
    lines += _bound(h)
    if promise is None:
        # Said only where no epsilon was shown: the sentence on the bound says as much.
        nothing = t("The release promises nothing in the sense of differential privacy.")
        return lines if _shown(h) else [*lines, nothing]
    if not comparable:
        return [
            *lines,
            t(
                "The release promises {promise}. This audit is no test of it: it looks for more than "
                "that promise covers, so the promise can hold where people are recognised.",
                promise=promise["text"],
            ),
        ]
    return [*lines, *_held_against(h, promise)]


def _right_claims(h: FindingRecord, goal: Goal) -> list[str]:
    """How often a claim is right, if few of the people asked about are exposed."""
    return [
        t(
            "If {prior} of the people the adversary asks about {condition}, a claim made {at} would be right "
            "{often}.",
            prior=one_in(p["prior"]),
            condition=goal.condition,
            at=goal.at(one_in(p["fpr"])),
            often=often(p["value"]),
        )
        for p in h["precision_at"]
        # One half is the share in an audit; an adversary outside mostly asks about fewer who are exposed.
        if p["value"] and p["prior"] < 0.5
    ]


def _shown(h: FindingRecord) -> float:
    """The epsilon that was shown; 0 where none was."""
    return (h["epsilon"] and h["epsilon"]["low"]) or 0.0


def _bound(h: FindingRecord) -> list[str]:
    bound = h["epsilon"]
    # A bound of 0 excludes no promise.
    if bound is None or not bound["low"]:
        return []
    told = {"low": bound["low"], "delta": bound["delta"], "percent": percent(bound["confidence"])}
    if bound["certified"]:
        return [
            t(
                "No promise of differential privacy below epsilon {low:.2f} can be true of this release "
                "(delta {delta:g}, {percent} confidence).",
                **told,
            )
        ]
    return [
        t(
            "No promise of differential privacy below epsilon {low:.2f} can be true of this release "
            "(delta {delta:g}, {percent} confidence; it is assumed: {assumption}).",
            **told,
            assumption=bound["assumption"] or t("exposure was random"),
        )
    ]


def _held_against(h: FindingRecord, promise: PromiseRecord) -> list[str]:
    bound = h["epsilon"]
    if bound is None or _shown(h) <= promise["epsilon"]:
        return []
    # Without a coin the bound stands on an assumption, and one of the two has to give way.
    promised = promise["epsilon"]
    if bound["certified"]:
        return [t("It was promised epsilon {promised:g}: the promise is broken.", promised=promised)]
    return [
        t(
            "It was promised epsilon {promised:g}: the promise is broken, or the assumption is wrong.",
            promised=promised,
        )
    ]


def means_not(
    h: FindingRecord, story: Outcome, *, findings: Sequence[FindingRecord], goal: Goal
) -> list[str]:
    """What must not be read into the numbers."""
    possible = (
        t(
            "Not the worst that is possible: one attack ran. A better attack, or an adversary with more "
            "knowledge, more data or more access, may find more."
        )
        if len(findings) == 1
        else t(
            "Not the worst that is possible: {n} attacks ran. A better attack, or an adversary with more "
            "knowledge, more data or more access, may find more.",
            n=len(findings),
        )
    )
    uneven = t("Not an average risk that all people share: some stand out far more than others.")
    lines = [
        possible,
        # of a trait, much is knowledge of the population: nobody's risk is listed, and none is compared
        *([uneven] if goal.lists else []),
        *goal.caveats,
        other_harms(goal.name),
    ]
    # At the front: with a quiet result this is the first thing to be misread.
    if story in ("nothing", "few"):
        lines.insert(0, t("Not proof of safety: what is below the ceiling of this audit stays unseen."))
    if h["epsilon"] and not h["epsilon"]["certified"]:
        lines.append(
            t("Not a certificate: the bound on epsilon rests on an assumption, which the small print names.")
        )
    return lines


def next_steps(story: Outcome, ruling: Ruling, *, blind_wins: bool, goal: Goal) -> list[str]:
    """What to do now."""
    if story == "broken":
        return [goal.remedy, t("Then run the audit again. Publish nothing on the strength of this one.")]
    if story == "few":
        return [goal.enough]
    # More people help only where the audit could not decide; within a limit there is nothing to repeat.
    if story == "nothing":
        more = t(
            "Use more {units}, or play more worlds, until the audit can see the limit.", units=goal.units
        )
        kept = t(
            "Keep this report with the release. Audit again before a new version or more data is released."
        )
        return [*([more] if ruling == "not settled" else []), kept]
    stop = t("Do not publish this release as it is: it exceeds a limit that was set for it.")
    apart = t("Remove the difference between the two groups and audit again, to learn what the release adds.")
    return [
        *([stop] if ruling == "exceeded" else []),
        *([apart] if blind_wins else []),
        *goal.protection,
        again(),
    ]
