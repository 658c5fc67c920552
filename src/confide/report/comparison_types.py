"""Records of report.json on several releases that are held against each other."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypedDict

from confide.report.record_types import EstimateRecord, Rule, Share

Settled: TypeAlias = Literal["less", "more", "not settled"]
"""Does a release give the adversary less than the one before it?"""


class ComparedRecord(TypedDict):
    """One release against the one before it: `difference` is what the adversary reached before, minus now."""

    release: str
    attack: Annotated[str, Rule(description="the strongest here, at the rate of the comparison")]
    value: EstimateRecord | None
    difference: EstimateRecord | None
    settled: Settled
    sentence: str


class ComparisonRecord(TypedDict):
    """Several releases, read at one rate that was chosen once for all of them.

    All intervals of one comparison hold together, whatever the releases have in common.
    """

    quantity: Literal["tpr", "auc"]
    fpr: Annotated[Share | None, Rule(description="null for the AUC")]
    before: Annotated[str, Rule(description="the release that the others are held against")]
    attack: Annotated[str, Rule(description="the strongest against it")]
    value: EstimateRecord | None
    confidence: Share
    title: str
    reading: str
    head: list[str]
    rows: Annotated[list[ComparedRecord], Rule(min_items=1)]
