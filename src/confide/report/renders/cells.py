"""Numbers as they are printed: decimals, intervals, and the columns that a table of attacks shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confide.core import language
from confide.core.language import later, t
from confide.report.finding import Ruling
from confide.report.page_types import EstimateRecord, FindingRecord

SIGNS: Mapping[Ruling, str] = {"within": "✓", "exceeded": "✕", "not settled": "?", "measured": "•"}
"""A sign for each ruling, because colour alone does not reach everybody."""

RULED: Mapping[Ruling, str] = {
    "within": later("within", of="ruling"),
    "exceeded": later("exceeded", of="ruling"),
    "not settled": later("not settled", of="ruling"),
    "measured": later("measured", of="ruling"),
}
"""The rulings as a reader sees them: in report.json they stand in English, in whatever language its texts "
"are."""


def ruled(ruling: Ruling) -> str:
    """A ruling in the language of the report."""
    return t(RULED[ruling], of="ruling")


def number(x: float | None, digits: int = 3) -> str:
    """A number, or n/a."""
    return t("n/a") if x is None else language.number(x, f".{digits}f")


def span(e: EstimateRecord | None, digits: int = 3) -> str:
    """The interval of an estimate."""
    # A no-break space, so that no line begins with the dash.
    return "" if e is None else f"{number(e['low'], digits)}\u00a0– {number(e['high'], digits)}"


def digits(e: EstimateRecord, public: bool) -> int:
    """The number of decimals that an estimate's size asks for."""
    # The whole interval has as many decimals as its largest end.
    large = max(abs(e["value"]), abs(e["low"]), abs(e["high"]))
    return 0 if large >= 1000 else 1 if large >= 10 else 2 if public else 3


def plain(x: float) -> str:
    """A count or a number without interval.

    >>> plain(12345), plain(0.123456), plain(98765.4), plain(50.0)
    ('12,345', '0.123', '98,765', '50')
    """
    return language.number(x, ",.0f" if float(x).is_integer() or abs(x) >= 1000 else ".3g")


def per_hundred(e: EstimateRecord) -> EstimateRecord:
    """An estimate of a rate, in percent."""
    return {
        "value": 100 * e["value"],
        "low": 100 * e["low"],
        "high": 100 * e["high"],
        "confidence": e["confidence"],
    }


def columns(findings: Sequence[FindingRecord], fpr: float | None) -> list[float]:
    """The false-positive rates that the table shows: the headline's, and the next below or else above it."""
    # below 1 in 1,000 hardly any audit has enough control people: a column of n/a helps nobody
    resolved = {at["fpr"] for f in findings for at in f["tpr_at"] if at["rate"] and at["fpr"] >= 0.001}
    if fpr is None:
        return sorted(resolved, reverse=True)[:2]
    below, above = (sorted(f for f in resolved if (f < fpr) is lower) for lower in (True, False))
    return sorted({fpr, *(below[-1:] or [f for f in above if f != fpr][:1])}, reverse=True)
