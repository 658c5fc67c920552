"""The frontier: what each mechanism leaves to the adversary, and what it leaves to the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.budget import Budget
from confide.core.estimate import Estimate, Measured
from confide.core.evidence import Evidence
from confide.core.nouns import Mechanism

Attacked = Callable[[Mechanism[Any]], Evidence]
Judged = Callable[[Evidence], Estimate]
Left = Callable[[Any], Measured]


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
    """

    risk: str
    points: tuple[Point, ...]


def frontier(
    mechanisms: Mapping[str, Mechanism[Any]],
    data: Any,
    *,
    attacked: Attacked,
    risk: Judged,
    left: Left,
    words: str,
    seed: int,
) -> Frontier:
    """Attack the release of each mechanism, and measure what it leaves of the data.

    Args:
        mechanisms: by the name to show; put `Published` in for the data as they are.
        data: what they are applied to.
        attacked: plays the attack against a mechanism; the same seed for all, so the same people are targets.
        risk: the one number to compare, with its interval.
        left: a release's view -> what it leaves to its users.
        words: what the risk is, for the chart.
        seed: for the releases that `left` looks at.
    """
    points: list[Point] = []
    for name, mechanism in mechanisms.items():
        view = mechanism(data, rng=np.random.default_rng([seed, 5])).view
        points.append(
            Point(name=name, promise=mechanism.budget, risk=risk(attacked(mechanism)), left=left(view))
        )
    return Frontier(risk=words, points=tuple(points))
