"""Reconstruction from contingency tables: was somebody with exactly these values counted?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.crosstabs import Population
from confide.views.crosstabs import Crosstabs
from confide.views.table import Table

LEAST = 4
"""People of a block from which some can be held out: two are asked about, and two are left."""

BlockWorld = World[Crosstabs, Population, Table, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockTables:
    """Tables of a block of people are published; a fair coin decides of each target if they are in the block.

    The block is drawn at random from all people, and so are the targets. The adversary sees the tables, and
    knows other people of the population, none of whom is in the block or asked about. It claims records: "a
    person with exactly these values was counted". It is right about a target who was counted. About one who
    was not, a claim is false exposure: it came from the population, or from another person with equal values.

    Args:
        records: all people, a row each, with one value in each cell.
        mechanism: makes the tables of a block.
        block: about how many people a block has.
        targets: how many people are asked about in each world; at most twice the block.
        known: how many other people the adversary knows at most.
    """

    records: Table
    mechanism: Mechanism[Crosstabs]
    block: int = 30
    targets: int = 60
    known: int = 10_000

    def __post_init__(self) -> None:
        if not 2 <= self.targets <= 2 * self.block:
            raise DataError(f"{self.targets} targets for blocks of {self.block}: give 2 to {2 * self.block}.")
        if self.others + self.targets > len(self.records):
            raise DataError(
                f"a block of {self.block} with {self.targets} targets needs {self.others + self.targets} "
                f"people, but there are {len(self.records)}: ask for a smaller block."
            )

    @property
    def others(self) -> int:
        """The number of people in the block who are no targets."""
        return self.block - self.targets // 2

    @property
    def unit(self) -> Unit:
        """One person's row."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> BlockWorld:
        """Draw targets, coins and the rest of the block; publish its tables."""
        whom, coins, knowing, making = rng.spawn(4)
        order = whom.permutation(len(self.records))
        ids, others = order[: self.targets], order[self.targets : self.targets + self.others]
        member = coins.random(self.targets) < 0.5
        # Sorted: the order of the block must not show who is a target.
        source = self.records.take(np.sort(np.concatenate([ids[member], others])))
        release = self.mechanism(source, rng=making)
        rest = order[self.targets + self.others :]
        people = self.records.take(knowing.permutation(rest)[: self.known])
        known = Population(mechanism=self.mechanism, people=people)
        case = Case(release.view, known, self.records.take(ids))
        return World(case, member, member, ids, promise=release.budget, source=source)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "such a person was counted", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """People are held out of tables that were published; the same tables are counted again without them.

    A world is one block of the release. Of some of its people a fair coin decides whether they are counted;
    everybody else is. The adversary sees the tables and knows nobody. It claims records, as in `BlockTables`.

    Args:
        records: the people behind the tables, a row each, with one value in each cell.
        blocks: int64[n], the block of each; tables are made of one block at a time.
        mechanism: makes the tables of a block.
        targets: how many people are asked about in each world at most; never more than half of the block.
    """

    records: Table
    blocks: Ints
    mechanism: Mechanism[Crosstabs]
    targets: int = 20

    def __post_init__(self) -> None:
        if self.blocks.shape != (len(self.records),):
            raise DataError(f"{len(self.blocks)} blocks for {len(self.records)} people: give one for each.")
        if not len(self.sizes):
            raise DataError(f"no block has {LEAST} people: some have to be left when others are held out.")

    @property
    def sizes(self) -> Ints:
        """How many are asked about in each block that has people enough, int64[blocks]."""
        often = np.unique(self.blocks, return_counts=True)[1]
        return np.minimum(often[often >= LEAST] // 2, self.targets)

    @property
    def unit(self) -> Unit:
        """One person's row."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> BlockWorld:
        """Draw targets and coins in the block of this world; publish its tables."""
        whom, coins, making = rng.spawn(3)
        names, often = np.unique(self.blocks, return_counts=True)
        number = world % len(self.sizes)
        inside = np.flatnonzero(self.blocks == names[often >= LEAST][number])
        order = whom.permutation(inside)
        ids, others = order[: self.sizes[number]], order[self.sizes[number] :]
        member = coins.random(len(ids)) < 0.5
        # Sorted: the order of the block must not show who is a target.
        source = self.records.take(np.sort(np.concatenate([ids[member], others])))
        release = self.mechanism(source, rng=making)
        nobody = self.records.take(np.zeros(0, np.int64))
        case = Case(release.view, Population(mechanism=self.mechanism, people=nobody), self.records.take(ids))
        return World(case, member, member, ids, promise=release.budget, source=source)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "such a person was counted", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)
