"""junit."""

from __future__ import annotations

from confide.report.page_types import Page


def to_junit(page: Page) -> str:
    """The page."""
    return page["verdict"]
