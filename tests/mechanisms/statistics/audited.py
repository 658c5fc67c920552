"""The audit that private statistics go through: is this person in the data? 200 worlds, one target each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from confide.core.arrays import Bools, Rng
from confide.core.budget import Unit
from confide.core.nouns import Case, Guess, World
from confide.core.play import play
from confide.measure import two_world
from confide.measure.rows import Rows
from confide.measure.thresholds import Fixed

WORLDS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IsIn:
    """A coin decides whether the target's rows are in the data; everybody else is known to the adversary.

    Args:
        mechanism: makes the release.
        without, within: the data without and with the target.
    """

    mechanism: Any
    without: Any
    within: Any

    randomised: ClassVar[bool] = True

    @property
    def unit(self) -> Unit:
        """That of the promise."""
        return self.mechanism.budget.unit

    def deal(self, world: int, *, rng: Rng) -> World[Any, None, Any, Bools]:
        """Toss and publish."""
        coin, noise = rng.spawn(2)
        there = np.array([coin.random() < 0.5])
        release = self.mechanism(self.within if there[0] else self.without, rng=noise)
        return World(Case(release.view, None, np.zeros(1)), there, there, promise=release.budget)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """The only claim is "this person is in"."""
        return np.ones(1, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """Scores the target by a number that it reads off the release."""

    name: ClassVar[str] = "reads"
    score: Callable[[Any], float]

    def __call__(self, case: Case[Any, Any, Any], *, rng: Rng) -> Guess:
        return Guess(None, np.array([float(self.score(case.view))]))


def proved(
    mechanism: Any,
    without: Any,
    within: Any,
    score: Callable[[Any], float],
    *,
    above: float,
    seed: int = 7,
    worlds: int = WORLDS,
) -> float:
    """The epsilon that worlds prove with 95 %, by claiming where the score is above a fixed number."""
    game = IsIn(mechanism=mechanism, without=without, within=within)
    evidence = play(game, Reads(score), worlds=worlds, rng=np.random.default_rng(seed))
    delta = mechanism.budget.delta
    return two_world(Rows.of(evidence), threshold=Fixed(above), delta=delta, randomised=True).low


@dataclass(frozen=True, slots=True)
class Claims:
    """A broken twin: it publishes what another mechanism makes, under the promise of the honest one."""

    honest: Any
    makes: Callable[..., Any]

    @property
    def budget(self) -> Any:
        """What it claims."""
        return self.honest.budget

    def __call__(self, data: Any, *, rng: Rng) -> Any:
        release = self.makes(data, rng=rng)
        return type(release)(release.view, self.budget, release.maker)
