"""One of two reports that are compared, and which of their releases belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confide.core.errors import DataError
from confide.core.language import t, written_in
from confide.report.compare.page_types import SideRecord, UnmatchedRecord
from confide.report.goals import GOALS, aside
from confide.report.measured import MeasuredRelease
from confide.report.page_types import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A report with the scores behind it, as far as they are at hand.

    Args:
        name: what to call it, such as the folder that the user named.
        page: its words and numbers.
        releases: in the order of the page.
    """

    name: str
    page: Page
    releases: tuple[MeasuredRelease, ...]

    @property
    def record(self) -> SideRecord:
        """What the comparison says of it."""
        page = self.page
        return {
            "name": self.name,
            "releases": page["releases"],
            "version": page["version"],
            "seed": page["seed"],
            "audience": page["audience"],
            "verdict": page["verdict"],
            "limits": list(dict.fromkeys(row["limit"] for row in page["limits"])),
        }


def together(
    before: Side, after: Side, match: Mapping[str, str]
) -> tuple[list[tuple[MeasuredRelease, MeasuredRelease]], list[UnmatchedRecord]]:
    """The releases of both reports that belong together, and those that are in one alone.

    Of the same goal, releases belong together that the user matches, else those of one name, else the only
    ones that are left on both sides. Where either report is about one release, under whatever name, each of
    its goals belongs to the same goal of the other.

    Args:
        match: names of releases before -> names after.

    Raises:
        DataError: if a name that is to be matched is not there, or the reports have no goal in common.
    """
    _check(before, after, match)
    one_each = all(len({aim_of(r)[0] for r in side.releases}) == 1 for side in (before, after))
    pairs: list[tuple[MeasuredRelease, MeasuredRelease]] = []
    alone: list[UnmatchedRecord] = []
    for aim in dict.fromkeys(r.goal for side in (before, after) for r in side.releases):
        left, right = ([r for r in side.releases if r.goal == aim] for side in (before, after))
        found = _by_aim(left, right) if one_each and not match else _by_name(left, right, match)
        # Matched by the user, none but these are compared.
        rest = [
            [r for r in each if all(r is not p[i] for p in found)] for i, each in enumerate((left, right))
        ]
        if len(rest[0]) == len(rest[1]) == 1 and not match:
            found.append((rest[0][0], rest[1][0]))
            rest = [[], []]
        pairs += found
        for side, each in (("before", rest[0]), ("after", rest[1])):
            alone += [] if match else [_unmatched(side, r, aim, bool(left and right)) for r in each]
    return pairs, alone


def _unmatched(side: str, release: MeasuredRelease, aim: str, both: bool) -> UnmatchedRecord:
    why = (
        t("no release of this name is in the other report")
        if both
        else t("the other report has nothing with this goal of the adversary")
    )
    return {
        "side": "before" if side == "before" else "after",
        "release": release.release,
        "goal": aim,
        "why": why,
    }


def _by_name(
    left: Sequence[MeasuredRelease], right: Sequence[MeasuredRelease], match: Mapping[str, str]
) -> list[tuple[MeasuredRelease, MeasuredRelease]]:
    there = {r.release: r for r in right}
    called = match if match else {r.release: r.release for r in left}
    return [(r, there[called[r.release]]) for r in left if called.get(r.release) in there]


def _by_aim(
    left: Sequence[MeasuredRelease], right: Sequence[MeasuredRelease]
) -> list[tuple[MeasuredRelease, MeasuredRelease]]:
    there = {aim_of(r)[1]: r for r in right}
    return [(r, there[aim]) for r in left if (aim := aim_of(r)[1]) in there]


def aim_of(release: MeasuredRelease) -> tuple[str, str]:
    """What was released, and which further goal this part is about; empty for the first one.

    The adversary's goal says less: to find a person's record and to describe a person are both "linkage".
    """
    with written_in(release.language):
        ends = {name: aside("", name) for name in GOALS}
    name = max((n for n, end in ends.items() if release.release.endswith(end)), key=len, default="")
    return (release.release.removesuffix(ends[name]) if name else release.release), name


def _check(before: Side, after: Side, match: Mapping[str, str]) -> None:
    for side, names in ((before, match.keys()), (after, match.values())):
        lost = [name for name in names if name not in side.page["releases"]]
        if lost:
            raise DataError(
                f"{side.name} has no release {lost[0]!r}: it has {', '.join(side.page['releases'])}. Write "
                "NAME BEFORE=NAME AFTER."
            )
    goals = [dict.fromkeys(r.goal for r in side.releases) for side in (before, after)]
    if not goals[0].keys() & goals[1].keys():
        raise DataError(
            f"{before.name} is about {', '.join(goals[0])} and {after.name} about {', '.join(goals[1])}: "
            f"what adversaries after different things find cannot be compared. Compare audits of one kind."
        )


def labels(before: Side, after: Side, pair: tuple[MeasuredRelease, MeasuredRelease]) -> tuple[str, str]:
    """What to call the two releases: by their names where these differ, else by their reports."""
    first, second = (r.release for r in pair)
    if first != second:
        return first, second
    if len(before.releases) == len(after.releases) == 1:
        return before.name, after.name
    return f"{first} ({before.name})", f"{second} ({after.name})"
