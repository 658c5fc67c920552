"""Aggregates: was this person in the group whose visits were counted?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.counts import Counted
from confide.views.counts import Counts
from confide.views.traces import Traces

AggregatesWorld = World[Counts, Counted, Traces, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregates:
    """The counts of a group are published; a fair coin decided of each target whether he is in the group.

    Everybody else in the group was drawn at random. The adversary knows the targets' traces, the traces of
    some other people (who may be in the group or not: he is not told), the mechanism, and about how large the
    group is. That is the subset-of-locations prior of Pyrgelis et al. (NDSS 2018).

    Args:
        traces: everybody's.
        mechanism: what makes the counts.
        group: the group has so many people on average; its exact size is not said.
        targets: so many people, drawn anew in each world; at most twice the group.
        share: of all people who are no targets, the share whose traces the adversary knows.
    """

    traces: Traces
    mechanism: Mechanism[Counts]
    group: int = 100
    targets: int = 20
    share: float = 1.0

    def __post_init__(self) -> None:
        if not 2 <= self.targets <= 2 * self.group:
            raise DataError(
                f"{self.targets} targets for a group of {self.group}: give 2 to {2 * self.group}."
            )
        if self.others + self.targets > self.traces.people:
            raise DataError(
                f"a group of {self.group} with {self.targets} targets needs "
                f"{self.others + self.targets} people, but there are {self.traces.people}: "
                "ask for a smaller group."
            )
        if not 0 <= self.share <= 1:
            raise DataError(f"share is {self.share}: give a number in [0, 1].")

    @property
    def others(self) -> int:
        """People of the group who are no targets."""
        return self.group - self.targets // 2

    @property
    def unit(self) -> Unit:
        return Unit.person("person", at_most=2**31)

    @property
    def randomised(self) -> bool:
        return True

    def deal(self, world: int, *, rng: Rng) -> AggregatesWorld:
        """Draw targets, coins and the rest of the group; count."""
        whom, coins, knowing, counting = rng.spawn(4)
        order = whom.permutation(self.traces.people)
        ids, rest = order[: self.targets], order[self.targets :]
        member = coins.random(self.targets) < 0.5
        group = np.sort(np.concatenate([ids[member], rest[: self.others]]))
        release = self.mechanism(self.traces.take(group), rng=counting)
        people = knowing.permutation(rest)[: round(self.share * len(rest))]
        known = Counted(mechanism=self.mechanism, people=self.traces.take(people), group=self.group)
        case = Case(release.view, known, self.traces.take(ids))
        return World(case, member, member, ids, release.budget)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is 'he is in', and the score says how surely it is made."""
        return np.ones(len(guess.score), np.bool_)
