"""At a glance: the first screen of a report, in sentences for a reader who knows no statistics."""

from __future__ import annotations

from confide.report.page_types import Page
from confide.report.screen_types import GlanceRecord


def nothing_yet() -> GlanceRecord:
    """A first screen without a word, for a page that is being made."""
    return {"released": [], "tried": [], "bad": [], "means": [], "next": [], "limits": [], "left_out": []}


def glance(page: Page) -> GlanceRecord:
    """The first screen of a page, from its records alone: it can say no more than they do."""
    sections = page["sections"]
    return {
        **nothing_yet(),
        "released": [page["release"]],
        "bad": [s["headline"] for s in sections],
        "next": list(dict.fromkeys(line for s in sections for line in s["next"])),
    }
