"""What stands against an answer that the numbers of two reports give, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from confide.core.estimate import Estimate
from confide.core.language import t
from confide.report.compare.differences import Difference
from confide.report.compare.knowledge import other_knowledge
from confide.report.compare.page_types import Answer
from confide.report.compare.reading import Pair, shown_at
from confide.report.goals import goal
from confide.report.measured import MeasuredRelease
from confide.report.page_types import FindingRecord, Page


def doubts(
    pair: Pair, names: tuple[str, str], *, answer: Answer, fpr: float | None, found: Difference | None
) -> list[str]:
    """Why the numbers do not settle what they seem to, a sentence each.

    Args:
        names: what to call both sides.
        answer: that the numbers alone give. A side whose numbers are low says little if its attacks did not
            work; of the same, either side.
        fpr: where they are read.
    """
    if answer == "not settled" or found is None:
        return []
    low = {"worse": (True, False), "better": (False, True)}.get(answer, (True, True))
    first, second = (side.record["adversary"] for side in pair.sides)
    if pair.before.language == pair.after.language:
        said = other_knowledge(first, second, names, low=low)
    else:
        said = [
            t(
                "The two reports are in different languages, so that nobody checked whether the adversaries "
                "knew as much: write both in one language."
            )
        ]
    for side, name, is_low, alone, reached in zip(
        pair.sides, names, low, pair.alone, (found.before, found.after), strict=True
    ):
        head = side.record["finding"]
        if _broken(head):
            said.append(
                t(
                    "On {name} an adversary that never saw the release tells the groups apart, so that "
                    "nobody knows how much the release adds.",
                    name=name,
                )
            )
        if is_low:
            said += _failed(side, name)
        could = [a for a in alone if _matters(side, a, fpr, reached)]
        if could:
            said.append(
                t(
                    "{attacks}: played against {name} alone, or in another way, and perhaps the strongest "
                    "there.",
                    attacks=", ".join(could),
                    name=name,
                )
            )
    return said


def _broken(f: FindingRecord) -> bool:
    blind, auc = f["blind"], f["auc"]
    return blind is not None and blind["low"] > 0.5 and not (auc is not None and auc["low"] > blind["high"])


def _failed(side: MeasuredRelease, name: str) -> Iterator[str]:
    """Attacks whose low numbers are no sign of little."""
    lost = [f["attack"] for f in side.findings if not f["conclusive"]]
    if lost:
        yield t(
            "The own check of {attacks} failed on {name}: that little was found there says nothing.",
            attacks=", ".join(lost),
            name=name,
        )
    # Where claims about exposed people can be wrong, an AUC below one half is no such sign.
    turned = [
        f["attack"]
        for f in side.findings
        if goal(side.goal).certain and f["auc"] is not None and f["auc"]["high"] < 0.5
    ]
    if turned:
        yield t(
            "On {name} the scores of {attacks} tell the groups apart the wrong way round: turned round they "
            "would find more.",
            attacks=", ".join(turned),
            name=name,
        )


def _matters(side: MeasuredRelease, attack: str, fpr: float | None, reached: Estimate) -> bool:
    """Could an attack that the other side lacks be the one that finds most?"""
    at = next(shown_at(f, fpr) for f in side.findings if f["attack"] == attack)
    return at is None or at.high > reached.low


def differing(before: Page, after: Page, names: tuple[str, str]) -> list[str]:
    """What differs between two reports besides their numbers, a sentence each."""
    said: list[str] = []
    if before["version"] != after["version"]:
        said.append(
            t(
                "{before} was audited by version {first} and {after} by {second}: what their attacks do may "
                "differ.",
                before=names[0],
                after=names[1],
                first=before["version"] or "?",
                second=after["version"] or "?",
            )
        )
    if before["seed"] != after["seed"]:
        said.append(
            t(
                "The audits have different seeds ({first} and {second}), so that chance drew other reference "
                "models, halves and perhaps people.",
                first=str(before["seed"]),
                second=str(after["seed"]),
            )
        )
    limits = [_limits(page) for page in (before, after)]
    if limits[0] != limits[1]:
        said.append(
            t(
                "The audits were held to different limits ({first}; {second}). The comparison looks at none "
                "of them: each report rules on its own.",
                first=", ".join(limits[0]) or t("none", of="limits"),
                second=", ".join(limits[1]) or t("none", of="limits"),
            )
        )
    return said


def _limits(page: Page) -> list[str]:
    return list(dict.fromkeys(row["limit"] for row in page["limits"] if row["limit"] != "the promise"))


def differing_releases(pair: Pair, names: tuple[str, str], lost: Sequence[str]) -> list[str]:
    """What differs between two releases that are held against each other.

    Args:
        lost: attacks of which the settings differ.
    """
    said: list[str] = []
    for one in (0, 1):
        if pair.alone[one]:
            said.append(
                t(
                    "Played against {name} alone, or in another way, and left out of the differences: "
                    "{attacks}.",
                    name=names[one],
                    attacks=", ".join(pair.alone[one]),
                )
            )
    if lost:
        said.append(t("Played with other settings: {attacks}.", attacks=", ".join(lost)))
    promises = [None if s.record["promise"] is None else s.record["promise"]["text"] for s in pair.sides]
    if promises[0] != promises[1]:
        said.append(
            t(
                "The promises differ: {first} before, {second} after.",
                first=promises[0] or t("none", of="promise"),
                second=promises[1] or t("none", of="promise"),
            )
        )
    return said
