"""Membership in counts: is this person in the group whose visits were counted?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.counts import Counted
from confide.views.counts import Counts, Grid, Visits
from confide.views.traces import Traces

AggregatesWorld = World[Counts, Counted, Traces, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregates:
    """The counts of a group are published; a fair coin decides for each target whether they are in the group.

    All other members of the group are drawn at random. The adversary knows the targets' traces, the traces of
    some other people (whether they are in the group is not known), the mechanism, and roughly the size of the
    group. That is the subset-of-locations prior of Pyrgelis et al. (NDSS 2018).

    Args:
        traces: of all people.
        grid: the cells and bins in which visits are counted; public.
        mechanism: makes the counts.
        group: the average size of the group; its exact size is not published.
        targets: the number of targets, drawn again in each world; at most twice the group.
        share: of the people who are no targets, the share whose traces the adversary knows.
    """

    traces: Traces
    grid: Grid
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
        """The number of people in the group who are no targets."""
        return self.group - self.targets // 2

    @property
    def unit(self) -> Unit:
        """All visits of one person."""
        return Unit.person("person", at_most=ANY_NUMBER)

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> AggregatesWorld:
        """Draw targets, coins and the rest of the group; count."""
        whom, coins, knowing, counting = rng.spawn(4)
        order = whom.permutation(self.traces.people)
        ids, rest = order[: self.targets], order[self.targets :]
        member = coins.random(self.targets) < 0.5
        # Sorted: the order of the group must not show who is a target.
        group = np.sort(np.concatenate([ids[member], rest[: self.others]]))
        source = Visits(traces=self.traces.take(group), grid=self.grid)
        release = self.mechanism(source, rng=counting)
        # Drawn from members and non-members: knowing a trace does not say that it was counted.
        people = knowing.permutation(rest)[: round(self.share * len(rest))]
        known = Counted(mechanism=self.mechanism, people=self.traces.take(people), group=self.group)
        case = Case(release.view, known, self.traces.take(ids))
        return World(case, member, member, ids, promise=release.budget, source=source)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this person is in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)
