"""The frontier: what each mechanism leaves to the adversary, and what it leaves to the user."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.budget import Budget
from confide.core.estimate import Estimate, Measured


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One mechanism.

    Args:
        name: of the mechanism with its setting.
        promise: its budget, or None where it promises nothing.
        risk: what the adversary reaches against it, as `Frontier.risk` names it.
        left: what is left of the data.
    """

    name: str
    promise: Budget | None
    risk: Estimate
    left: Measured


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frontier:
    """All mechanisms side by side, against the same attack on the same people.

    Args:
        risk: what the risk is, in words.
        points: one a mechanism, in the order given.
        of: the number of people that shares in it rest on; None where that is not known.
    """

    risk: str
    points: tuple[Point, ...]
    of: int | None = None
