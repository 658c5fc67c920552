"""Two reports side by side: read at one rate, with paired intervals where the same people were asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from confide.report.compare.building import comparison_page
from confide.report.compare.comparison import Comparison
from confide.report.compare.page_types import Answer, ComparisonPage
from confide.report.compare.side import Side
from confide.report.finding import Audience
from confide.report.redaction import Redaction


def compare_sides(
    before: Side,
    after: Side,
    *,
    margin: float | None = None,
    match: Mapping[str, str] = MappingProxyType({}),
    audience: Audience | None = None,
) -> Comparison:
    """Compare two reports.

    Args:
        margin: up to which difference two releases are the same; None: 0.01, with which more is still worse.
        match: names of releases before -> names after; by default those of one name.
        audience: who will read it; None: the public only if both reports are for it.

    Raises:
        DataError: if there is nothing to compare.
    """
    public = before.page["audience"] == after.page["audience"] == "public"
    reader = audience or ("public" if public else "internal")
    page, rose = comparison_page(before, after, margin=margin, match=match, redaction=Redaction(reader))
    named = pl.concat([one.table for one in rose], how="diagonal_relaxed") if rose else None
    return Comparison(page, named)


__all__ = ["Answer", "Comparison", "ComparisonPage", "Side", "compare_sides"]
