"""Membership in what a synthesiser measured: everybody else is known, is this one person in?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.synthetic import AllButOne
from confide.views.margins import NoisedMargins
from confide.views.table import Table
from confide.views.table_people import whose

MarginsWorld: TypeAlias = World[NoisedMargins, AllButOne, Table, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarginsOfAllButOne:
    """A synthesiser measures margins of a table; a coin decides whether one person more was in it.

    It is the setting that differential privacy bounds: the adversary knows all rows but this person's, the
    mechanism, and every number that it measured. Each world asks about one target, and measures anew.

    Args:
        table: a precise table. All people in it but the target of a world are given to the mechanism.
        measuring: table -> the margins that were measured.
        targets: int64[t], rows of the table, each of another person. World w asks about target w modulo t.
        unit: in which exposed and control differ.

    Raises:
        DataError: if nobody is asked about, or nobody else is left.
    """

    table: Table
    measuring: Mechanism[NoisedMargins]
    targets: Ints
    unit: Unit = field(default_factory=Unit.record)

    def __post_init__(self) -> None:
        if not self.table.precise:
            raise DataError("the table has cells that hold several values: give one value a cell.")
        people = len(np.unique(whose(self.table)))
        if not (len(self.targets) and people > 1):
            raise DataError(f"{len(self.targets)} targets among {people} people: give a target and others.")

    @property
    def randomised(self) -> bool:
        """A fair coin decides about each target in each world."""
        return True

    def deal(self, world: int, *, rng: Rng) -> MarginsWorld:
        """Toss the coin, and measure.

        Raises:
            EvidenceError: if the number is below 0.
        """
        if world < 0:
            raise EvidenceError(f"world {world}: give a number from 0 on.")
        coins, measuring = rng.spawn(2)
        at = world % len(self.targets)
        row, member = self.targets[at], coins.random() < 0.5
        person = whose(self.table)
        rest = self.table.take(person != person[row])
        release = self.measuring(self.table if member else rest, rng=measuring)
        case = Case(release.view, AllButOne(rest.published), self.table.take(np.array([row])).published)
        secret = np.array([member])
        return World(case, secret, secret, np.array([row]), promise=release.budget)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this person is in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)
