"""The frontier: what each mechanism leaves to the adversary, and what it leaves to the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from confide.core.budget import Budget
from confide.core.estimate import Estimate, Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A further number of a release, with what its promise allows at most.

    Args:
        found: None where it was not measured.
        most: None where nothing is promised.
    """

    found: Estimate | None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One mechanism.

    Args:
        name: of the mechanism with its setting.
        promise: its budget, or None where it promises nothing.
        risk: what the adversary reaches against it, as `Frontier.risk` names it.
        left: what is left of the data.
        beside: further numbers, by what they are.
        ruling: how the release stands to the limits; empty without limits.
        said: what is said of its promise; by default the promise, or that there is none.
        label: what stands at it in the chart; its name by default.
    """

    name: str
    promise: Budget | None
    risk: Estimate
    left: Measured
    beside: Mapping[str, Beside] = field(default_factory=dict)
    ruling: str = ""
    said: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frontier:
    """All mechanisms side by side, against the same attack on the same people.

    Args:
        risk: what the risk is, in words.
        points: one a mechanism, in the order given.
        of: the number of people that shares in it rest on; None where that is not known.
        limits: by their text, for the chart that has everything.
    """

    risk: str
    points: tuple[Point, ...]
    of: int | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
