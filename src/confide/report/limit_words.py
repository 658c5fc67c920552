"""Limits in words: what a limit allows, how it was ruled and what was found."""

from __future__ import annotations

from confide.report.page_types import LimitRecord


def limit_in_words(row: LimitRecord) -> str:
    """A limit with its ruling."""
    return f"{row['limit']}: {row['verdict']}"
