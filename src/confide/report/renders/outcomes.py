"""Outcomes of limits for other programs: failed, passed or set aside, as the exit code of the audit says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from confide.report.page_types import LimitRecord, Page

Outcome: TypeAlias = Literal["failed", "aside", "passed"]


def outcome(row: LimitRecord, page: Page) -> Outcome:
    """Whether a limit failed the audit, was set aside, or passed.

    Where the audit as a whole passes, nothing in it failed: a limit that is not settled was allowed to be,
    and of several budgets that are compared one is enough.
    """
    if row["verdict"] in ("within", "measured"):
        return "passed"
    allowed = row["verdict"] == "not settled" and page["allow_unsettled"]
    return "aside" if allowed or not page["exit"] else "failed"


def rows_of(page: Page, release: str) -> Sequence[LimitRecord]:
    """The limits of one release."""
    return [row for row in page["limits"] if row["release"] == release]


def unexplained(page: Page) -> bool:
    """Does the audit fail, and none of its limits say why?"""
    return bool(page["exit"]) and not any(outcome(row, page) == "failed" for row in page["limits"])
