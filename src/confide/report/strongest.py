"""Order of what is shown: releases, the worst first; attacks by what they surely found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from confide.report.finding import Ruling
from confide.report.page_types import EstimateRecord, FindingRecord, SectionRecord
from confide.report.reading_rate import beats_guessing, read_at

RANK: Mapping[Ruling, int] = {"exceeded": 0, "not settled": 1, "measured": 2, "within": 3}
"""What must be seen first."""


def strongest(findings: Sequence[FindingRecord], s: SectionRecord) -> list[FindingRecord]:
    """The findings on one release, the strongest first.

    The one that the headline speaks of leads. The others follow as it was chosen itself (`confide.measure`):
    what is above guessing before what is not, then by the low ends of the rate and of the AUC. A low end
    below guessing is noise, and orders nothing.

    Args:
        findings: of this release.
        s: its section, which says where rates are read and which attack the headline speaks of.
    """
    leads = s["finding"]["attack"]

    def rank(f: FindingRecord) -> tuple[bool, bool, float, float, float]:
        at, auc = read_at(f, s["fpr"]), f["auc"]
        beats = any(map(beats_guessing, f["tpr_at"])) or (auc is not None and auc["low"] > 0.5)
        value = at["rate"]["value"] if at and at["rate"] else 0.0
        return f["attack"] == leads, beats, _above_guessing(f, s["fpr"]), _low(auc), value

    return sorted(findings, key=rank, reverse=True)


def severity(s: SectionRecord, *, proves: bool = False) -> tuple[int, float, float]:
    """The place of a release, to sort by: what exceeds a limit first, then what surely gives most away.

    Args:
        proves: is it about what follows for certain? Then no rate was measured.
    """
    found = s["finding"]
    low = float(s["outcome"] == "found") if proves else _above_guessing(found, s["fpr"])
    return RANK[s["verdict"]], -low, -_low(found["auc"])


def _above_guessing(f: FindingRecord, fpr: float | None) -> float:
    """The low end of the rate, or what guessing reaches where that is more."""
    at = read_at(f, fpr)
    return max(at["rate"]["low"], at["fpr"]) if at and at["rate"] else 0.0


def _low(e: EstimateRecord | None) -> float:
    return -inf if e is None else e["low"]
