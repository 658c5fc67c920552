"""The comparison as types: every record of comparison.json, from which its JSON schema is generated."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypedDict

from confide.report.finding import Audience, Ruling
from confide.report.record_types import Count, EstimateRecord, Pair, Rule, Share

Answer: TypeAlias = Literal["worse", "better", "the same", "not settled"]
"""Does the second report give away more than the first? "the same": within the margin, with confidence."""

Pairing: TypeAlias = Literal["the same people", "some of the same people", "other people", "unknown"]
"""What is known of the people of two audits. "unknown": intervals hold whatever they have in common."""


class SideRecord(TypedDict):
    """One of the two reports."""

    name: str
    releases: list[str]
    version: str
    seed: int
    audience: Audience
    verdict: Ruling
    limits: list[str]


class QuantityRecord(TypedDict):
    """What the strongest attack reaches in each report; `difference` is after minus before."""

    quantity: Literal["tpr", "auc"]
    fpr: Annotated[Share | None, Rule(description="the same for both; null for the AUC")]
    attacks: Annotated[Pair, Rule(description="the strongest before and after")]
    before: EstimateRecord | None
    after: EstimateRecord | None
    difference: EstimateRecord | None
    answer: Answer
    sentence: str


class EpsilonRecord(TypedDict):
    """The lower bounds on epsilon, each the best of all attacks; their difference bounds nothing."""

    delta: Share
    before: float | None
    after: float | None
    confidence: Share
    sentence: str


class AttackRecord(TypedDict):
    """One attack in both reports, at the rate of the comparison."""

    attack: str
    title: str
    before: EstimateRecord | None
    after: EstimateRecord | None
    difference: EstimateRecord | None
    same_settings: bool


class ExposedRecord(TypedDict):
    """Somebody who became more exposed: the shares of others with a claim at least as sure."""

    who: str
    before: Share
    after: Share


class MoreExposedRecord(TypedDict):
    """Who became more exposed, so that at most a share `rate` of them is expected to be there by chance."""

    attack: str
    rate: Share
    among: Annotated[Count, Rule(description="how many were in the data both times")]
    people: list[ExposedRecord]
    sentence: str


class PeopleRecord(TypedDict):
    """How many were asked about in each report, and in both."""

    pairing: Pairing
    before: Count | None
    after: Count | None
    both: Count | None
    sentence: str


class PairRecord(TypedDict):
    """One release of the first report against one of the second, of the same goal."""

    before: str
    after: str
    goal: str
    people: PeopleRecord
    quantities: Annotated[list[QuantityRecord], Rule(min_items=1, max_items=2)]
    epsilon: EpsilonRecord | None
    attacks: list[AttackRecord]
    answer: Answer
    doubts: Annotated[list[str], Rule(description="why the numbers do not settle what they seem to")]
    more_exposed: MoreExposedRecord | None


class UnmatchedRecord(TypedDict):
    """A release, or a goal of one, that is in one report alone."""

    side: Literal["before", "after"]
    release: str
    goal: str
    why: str


class ComparisonPage(TypedDict):
    """Every word and number of a comparison of two privacy audits; differences are after minus before."""

    schema: Literal["confide.comparison/1"]
    version: str
    language: str
    audience: Audience
    before: SideRecord
    after: SideRecord
    answer: Answer
    sentence: str
    support: list[str]
    confidence: Annotated[Share, Rule(description="with which all answers hold together")]
    margin: Annotated[Share, Rule(description="differences within it are called the same")]
    tolerated: Annotated[bool, Rule(description="was the margin given, so that more within it is no worse?")]
    pairs: Annotated[list[PairRecord], Rule(min_items=1)]
    unmatched: list[UnmatchedRecord]
    warnings: list[str]
    notes: list[str]
