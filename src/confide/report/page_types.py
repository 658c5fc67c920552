"""The page as types: every record of report.json, from which its JSON schema is generated.

All records are plain dicts, because the page is written to JSON, read back and rendered from there. A
number that is missing is None; the record beside it says why. `Annotated` carries what a JSON schema can
say and a Python type cannot: a range, a length, a description.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypedDict

from confide.core.language import Language
from confide.report.comparison_types import ComparisonRecord
from confide.report.finding import Audience, Lack, Ruling
from confide.report.record_types import Count, EstimateRecord, Pair, Rule, Share
from confide.report.screen_types import GlanceRecord, MadeRecord

Outcome: TypeAlias = Literal["found", "nothing", "broken", "few"]

Datum: TypeAlias = dict[str, str | float | bool | None]
"""What one mark of a chart shows, field by field, as the chart's Vega-Lite file names them."""


class BoundRecord(TypedDict):
    """A lower bound on epsilon, in nats, and the largest bound that the audit could have shown."""

    low: float | None
    ceiling: float | None
    method: str
    certified: bool
    delta: Share
    confidence: Share
    assumption: str


class RateRecord(TypedDict):
    """The true-positive rate at one false-positive rate.

    `empirical` is the plain share that papers print, at the threshold seen; it has no interval.
    """

    fpr: Share
    rate: EstimateRecord | None
    empirical: Share | None
    controls: Count | None
    why: str


class PrecisionRecord(TypedDict):
    """How often a claim at `fpr` is right if a share `prior` of those asked about are exposed."""

    prior: Share
    fpr: Share
    value: EstimateRecord | None


class FindingRecord(TypedDict):
    """What one attack found."""

    release: str
    attack: str
    title: str
    citation: str
    settings: dict[str, str]
    access: str
    game: str
    exposed: EstimateRecord | None
    control: EstimateRecord | None
    blind: EstimateRecord | None
    advantage: EstimateRecord | None
    auc: EstimateRecord | None
    balanced_accuracy: EstimateRecord | None
    tpr_at: list[RateRecord]
    precision_at: list[PrecisionRecord]
    epsilon: BoundRecord | None
    epsilons: list[BoundRecord]
    threshold: float | None
    strategy: str
    confidence: Share
    targets: Annotated[Count | None, Rule(description="people asked about, each counted once")]
    asked: Annotated[
        Count | None, Rule(description="how often in all: a person may be asked about in several rounds")
    ]
    sample_of: Annotated[
        Count | None,
        Rule(description="among how many a sample was drawn, who alone were asked about; 0 where all were"),
    ]
    exposed_count: Count | None
    control_count: Count | None
    worlds: Annotated[int, Rule(minimum=1)]
    excluded: Count | None
    told: Annotated[str, Rule(description="what the adversary knew about who is in the data; mostly nothing")]
    conclusive: Annotated[
        bool, Rule(description="did the attack's own check hold? If not, a low number of it says nothing")
    ]
    remarks: list[str]
    seconds: Annotated[float, Rule(minimum=0)]
    why: Annotated[
        dict[str, str], Rule(description="for each number of this finding that is null, the reason")
    ]


class LimitRecord(TypedDict):
    """One limit, held against the headline of one release."""

    release: str
    limit: str
    attack: str
    verdict: Ruling
    reason: str
    allows: Annotated[str, Rule(description="what the limit allows, in words")]
    found: Annotated[str, Rule(description="what was found, in its unit; empty where there is no number")]
    words: Annotated[str, Rule(description="all of it in a sentence")]


class SkippedRecord(TypedDict):
    """An attack that did not run."""

    release: str
    attack: str
    lack: Lack
    why: str


Cell: TypeAlias = str | float | EstimateRecord | None


class TableRecord(TypedDict):
    """A table of an audit; what is no number, or rests on too few people for the public, is null."""

    kind: Literal["table"]
    internal: Annotated[bool, Rule(description="does it point at people, places or items?")]
    title: str
    reading: str
    head: list[str]
    rows: list[list[Cell]]


class BandRecord(TypedDict):
    """The two ends of a band around a line, one of each a point."""

    low: list[float | None]
    high: list[float | None]


class LineRecord(TypedDict):
    """The points of one line, in the order in which they are joined."""

    name: str
    x: list[float | None]
    y: list[float | None]
    low: list[float | None]
    high: list[float | None]
    x_low: list[float | None]
    x_high: list[float | None]
    bands: list[BandRecord]
    labels: list[str]
    joined: bool


class PlotRecord(TypedDict):
    """Lines over two axes; `places` names the points 0, 1, ... of an axis that is no number."""

    kind: Literal["plot"]
    title: str
    reading: str
    x_title: str
    y_title: str
    log_x: bool
    log_y: bool
    named: Annotated[bool, Rule(description="does each line's name stand at its point?")]
    places: list[str]
    lines: list[LineRecord]
    why: Annotated[str, Rule(description="the reason where no point can be drawn")]


ExhibitRecord: TypeAlias = TableRecord | PlotRecord

ChartName: TypeAlias = Literal["roc", "scores", "worst_off", "epsilon", "curve"]


class ChartRecord(TypedDict):
    """One chart of the findings: its words, and the records that are drawn."""

    name: ChartName
    release: str
    attack: Annotated[str, Rule(description="for a curve: the attack in whose card it is drawn")]
    title: str
    description: str
    how_to_read: str
    x_title: str
    y_title: str
    records: list[Datum]
    why: Annotated[str, Rule(description="the reason where nothing can be drawn")]


class WorstOffRecord(TypedDict):
    """One of the most exposed: who it is in the user's own file, and the number in the evidence."""

    who: str
    target: int
    times: int
    lookalikes: Share


class PromiseRecord(TypedDict):
    """The differential-privacy budget of a release."""

    epsilon: float
    delta: float
    unit: str
    text: str


class TileRecord(TypedDict):
    """The labels of the four large numbers at the top."""

    found: str
    auc: str
    compared: str
    exposed: str
    control: str


class LabelRecord(TypedDict):
    """The goal's own names for the numbers that every report shows."""

    tiles: TileRecord
    right_claims: str
    false_claims: str
    false_claim: Annotated[str, Rule(description="what a false claim is, after '1 in 100'")]
    condition: Annotated[str, Rule(description="'were in' or 'had the trait', after a share of people")]
    too_few: str
    bounds: Annotated[bool, Rule(description="is epsilon shown? Not where exposure is no membership")]
    worst_off: Annotated[
        list[str], Rule(description="title, reading and three column heads of the table; or nothing")
    ]


class SectionRecord(TypedDict):
    """One audited release; `finding` is its headline, corrected for the number of attacks tried."""

    release: str
    fpr: Annotated[
        Share | None,
        Rule(description="where its headline is read, as all of this report are; null: by the AUC"),
    ]
    goal: Literal["membership", "attribute", "linkage", "reconstruction"]
    outcome: Outcome
    verdict: Ruling
    headline: str
    support: list[str]
    finding: FindingRecord
    labels: LabelRecord
    warnings: list[str]
    about: list[Pair]
    promise: PromiseRecord | None
    adversary: list[str]
    found: list[Pair]
    means: list[str]
    means_not: list[str]
    next: list[str]
    notes: list[str]
    worst_off: list[WorstOffRecord]
    worst_off_tied: Annotated[
        int, Rule(description="how many more are as exposed as the last of `worst_off`", minimum=0)
    ]
    exhibits: list[ExhibitRecord]


class Page(TypedDict):
    """Every word and number of a privacy audit. Rates are shares from 0 to 1, epsilon is in nats."""

    schema: Literal["confide.report/4"]
    language: Annotated[Language, Rule(description="of every sentence; names of rulings stay English")]
    release: Annotated[str, Rule(description="the names of all releases, joined")]
    releases: Annotated[list[str], Rule(min_items=1)]
    seed: int
    audience: Audience
    version: str
    verdict: Ruling
    exit: Literal[0, 1]
    allow_unsettled: Annotated[bool, Rule(description="does a limit that is not settled pass?")]
    verdict_sentence: str
    decision: Annotated[str | None, Rule(description="why the exit code is not that of the limits")]
    opening: Annotated[list[TableRecord], Rule(description="tables before what was found")]
    glance: GlanceRecord
    made: Annotated[MadeRecord | None, Rule(description="null where nobody kept it")]
    limits: list[LimitRecord]
    findings: Annotated[list[FindingRecord], Rule(min_items=1)]
    skipped: list[SkippedRecord]
    sections: Annotated[list[SectionRecord], Rule(min_items=1)]
    comparisons: Annotated[
        list[ComparisonRecord], Rule(description="one a goal of which there are several releases")
    ]
    charts: list[ChartRecord]
