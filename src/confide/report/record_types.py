"""What all records of report.json are built from: rules of the schema, shares, counts and estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypedDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a JSON schema says of a value besides its type: a description, a range, a length."""

    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    min_items: int | None = None
    max_items: int | None = None


Share: TypeAlias = Annotated[float, Rule(minimum=0, maximum=1)]
Count: TypeAlias = Annotated[int, Rule(minimum=0)]
Pair: TypeAlias = Annotated[list[str], Rule(min_items=2, max_items=2)]


class EstimateRecord(TypedDict):
    """A value with its interval."""

    value: float
    low: float
    high: float
    confidence: Share
