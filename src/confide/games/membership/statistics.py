"""Membership in statistics: is this person in the pool whose frequencies or means were published?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism, Case, Guess, World
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Frequencies, Genotypes, Means, Measurements, Presence

People: TypeAlias = Genotypes | Measurements
TracingWorld: TypeAlias = World[Frequencies | Presence | Means, Reference, People, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracing:
    """The statistics of a pool are published; a fair coin decides for each target whether they are in it.

    All other members of the pool are drawn at random from people who are nobody's targets in this world. The
    adversary knows the targets' records, a reference sample of the population, the mechanism, and the size of
    the pool as it is published. That is the setting of Homer et al. (2008) and of those after it.

    With `pool` the pool is one that exists. Half of the targets are then drawn from it and half from the
    people who are absent from it, and everybody else in it stays in. So each world's pool is the real one, in
    which a few people were exchanged by coins. The published size is that of the real pool: the size of a
    world's own would tell how many coins fell on "in", as the size of a real one does not.

    Args:
        people: who can be in the pool.
        reference: a sample of the same population that the adversary knows; none of them can be in the pool.
        mechanism: makes the statistics.
        group: the average size of the pool.
        targets: how many people are asked about in each world; fewer than twice the group.
        pool: whether the first `group` of the people are a pool that exists; if not, pools are drawn from all
            people.

    Raises:
        DataError: if there are too few people, or the reference has other variables.
    """

    people: People
    reference: People
    mechanism: AnyMechanism
    group: int = 100
    targets: int = 100
    pool: bool = False

    def __post_init__(self) -> None:
        if type(self.people) is not type(self.reference):
            raise DataError(
                "the reference holds other data than the pool: give both as genotypes or numbers."
            )
        mine, theirs = self.people.statistics, self.reference.statistics
        if mine != theirs:
            raise DataError(f"people have {mine:,} variables and the reference {theirs:,}: give the same.")
        # At least one other person, since an empty pool has no frequencies.
        if not 2 <= self.targets < 2 * self.group:
            raise DataError(
                f"{self.targets} targets for a pool of {self.group}: give 2 to {2 * self.group - 1}."
            )
        if self.pool:
            self._need_exchange()
        elif self.others + self.targets > len(self.people):
            raise DataError(
                f"a pool of {self.group} with {self.targets} targets needs {self.others + self.targets} "
                f"people, but there are {len(self.people)}: ask about fewer, or give more absent people."
            )

    def _need_exchange(self) -> None:
        absent, half = len(self.people) - self.group, self.targets // 2
        if self.targets % 2 or half > absent or half >= self.group:
            raise DataError(
                f"{self.targets} targets of a pool of {self.group} and of {absent} absent people: give an "
                f"even number of at most {2 * max(min(absent, self.group - 1), 0)}."
            )

    @property
    def others(self) -> int:
        """The number of people in the pool who are no targets."""
        return self.group - self.targets // 2

    @property
    def unit(self) -> Unit:
        """One person, who is one record."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> TracingWorld:
        """Draw targets, coins and the rest of the pool; publish its statistics."""
        whom, coins, publishing = rng.spawn(3)
        ids, rest = self._drawn(whom)
        member = coins.random(self.targets) < 0.5
        # Sorted: the order of the pool must not show who is a target.
        pool = self.people.take(np.sort(np.concatenate([ids[member], rest[: self.others]])))
        release = self.mechanism(pool, rng=publishing)
        known = Reference(mechanism=self.mechanism, people=self.reference)
        view = replace(release.view, people=self.group) if self.pool else release.view
        case = Case(view, known, self.people.take(ids))
        return World(case, member, member, ids, promise=release.budget, source=pool)

    def _drawn(self, rng: Rng) -> tuple[Ints, Ints]:
        """The targets, and those of whom the rest of the pool is taken, the first ones first."""
        order = rng.permutation(len(self.people))
        if not self.pool:
            return order[: self.targets], order[self.targets :]
        half = self.targets // 2
        inside, outside = order[order < self.group], order[order >= self.group]
        # Mixed again: a target's place among the targets must not show on which side they were.
        ids = rng.permutation(np.concatenate([inside[:half], outside[:half]]))
        return ids, inside[half:]

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this person is in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)
