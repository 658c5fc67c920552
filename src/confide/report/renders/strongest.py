"""Order of what is shown: rulings, the worst first; attacks by what they surely found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from confide.report.finding import Ruling
from confide.report.page_types import EstimateRecord, FindingRecord, SectionRecord

RANK: Mapping[Ruling, int] = {"exceeded": 0, "not settled": 1, "measured": 2, "within": 3}
"""What must be seen first."""


def strongest(findings: Sequence[FindingRecord], s: SectionRecord) -> list[FindingRecord]:
    """The findings on one release, the strongest first.

    Args:
        findings: of this release.
        s: its section, which says where rates are read and which attack the headline speaks of.
    """
    leads = s["finding"]["attack"]

    def rank(f: FindingRecord) -> tuple[bool, float, float, float]:
        rate = next((at["rate"] for at in f["tpr_at"] if at["fpr"] == s["fpr"]), None)
        return f["attack"] == leads, _low(rate), _low(f["auc"]), 0.0 if rate is None else rate["value"]

    return sorted(findings, key=rank, reverse=True)


def _low(e: EstimateRecord | None) -> float:
    return -inf if e is None else e["low"]
