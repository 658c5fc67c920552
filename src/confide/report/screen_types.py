"""Records of report.json for the first screen, and for where a report comes from."""

from __future__ import annotations

from typing import Annotated, TypedDict

from confide.report.finding import Ruling
from confide.report.record_types import EstimateRecord, Rule, Share


class ContentRecord(TypedDict):
    """A line of the table of contents: a release and a goal, and what was found."""

    release: Annotated[str, Rule(description="the section that it leads to")]
    short: Annotated[str, Rule(description="its name without what all releases begin with")]
    question: Annotated[str, Rule(description="that the adversary tries to answer")]
    found: Annotated[EstimateRecord | None, Rule(description="the share found, where the report is read")]
    fpr: Annotated[Share | None, Rule(description="where it is read")]
    verdict: Ruling
    said: Annotated[str, Rule(description="how bad it is, in a sentence")]


class GlanceRecord(TypedDict):
    """The first screen, for a reader who knows no statistics: sentences in the language of the page."""

    released: Annotated[list[str], Rule(description="what was released, or will be")]
    tried: Annotated[list[str], Rule(description="who was played, and how often")]
    bad: Annotated[
        list[str], Rule(description="how bad it is: a sentence each release and goal", min_items=1)
    ]
    means: Annotated[list[str], Rule(description="what that means for a person in the data")]
    next: Annotated[list[str], Rule(description="what to do now")]
    limits: Annotated[list[str], Rule(description="each limit in words, and whether it is kept")]
    left_out: Annotated[list[str], Rule(description="who and what was left out, and why")]
    contents: Annotated[list[ContentRecord], Rule(description="one a section", min_items=1)]


class InputRecord(TypedDict):
    """A file, a folder or an object in memory that an audit read."""

    role: Annotated[str, Rule(description="the setting that it was given for, such as members")]
    name: Annotated[str, Rule(description="of the file; empty for the public")]
    sha256: Annotated[str, Rule(description="in hexadecimal; empty where there is none")]
    why: Annotated[str, Rule(description="the reason where there is no sum")]


class MadeRecord(TypedDict):
    """Where a report comes from: with the same inputs, settings and versions it can be made again."""

    date: Annotated[str, Rule(description="of the audit, in UTC, as ISO 8601 writes it")]
    python: str
    platform: str
    packages: Annotated[dict[str, str], Rule(description="the versions of what computes")]
    inputs: list[InputRecord]
    command: Annotated[str, Rule(description="what makes the report again, without secrets")]
    settings: Annotated[dict[str, str], Rule(description="what was in force")]
    origins: Annotated[
        dict[str, str],
        Rule(
            description='by setting that was given: "command line", or the name of the file in which it '
            'stood ("configuration file" for the public)'
        ),
    ]
