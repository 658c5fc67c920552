"""Agreement of the verdict and the exit code of a page with its own limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from confide.report.page_types import LimitRecord, Page
from confide.report.verdict import ORDER

PROMISE = "the promise"
"""The row of a promise that is shown to be broken."""


def disagreements(page: Page) -> Iterator[str]:
    """What of the rulings does not follow from the limits, in a few words each.

    A report that was edited, or mixed from two, must not pass a gate that its own limits fail.
    """
    if page["verdict"] != (ruled := _ruled(page["limits"])):
        yield f"the verdict is {page['verdict']!r}, and of its limits the worst is {ruled!r}"
    for s in page["sections"]:
        ruled = _ruled([row for row in page["limits"] if row["release"] == s["release"]])
        if s["verdict"] != ruled:
            yield f"the verdict on a release is {s['verdict']!r}, and of its limits the worst is {ruled!r}"
    if decided(page) and page["decision"] is None:
        yield f"the exit code is {page['exit']}, and by its limits {int(_fails(page['limits'], page))}"
    elif not page["exit"] and not _one_passes(page):
        yield "the exit code is 0, and no release passes"


def decided(page: Page) -> bool:
    """Whether the exit code is another than that of the limits."""
    return bool(page["exit"]) != _fails(page["limits"], page)


def _ruled(rows: Sequence[LimitRecord]) -> str:
    there = {row["verdict"] for row in rows}
    return next((ruling for ruling in ORDER if ruling in there), "measured")


def _fails(rows: Sequence[LimitRecord], page: Page) -> bool:
    ruling = _ruled(rows)
    return ruling == "exceeded" or (ruling == "not settled" and not page["allow_unsettled"])


def _one_passes(page: Page) -> bool:
    """Of several budgets that are compared one within the limits is enough, if every promise is kept."""
    if any(row["limit"] == PROMISE and row["verdict"] == "exceeded" for row in page["limits"]):
        return False
    each = [[row for row in page["limits"] if row["release"] == s["release"]] for s in page["sections"]]
    return not all(_fails(rows, page) for rows in each)
