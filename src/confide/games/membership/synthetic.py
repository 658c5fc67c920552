"""Membership in synthetic data: was this person's row given to what made the file?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table
from confide.views.table_people import all_rows_of, whose

SyntheticWorld: TypeAlias = World[Table, SyntheticKnowledge, Table, Bools]


class _OfRows:
    """What both games have in common: the claim "this row was given to the generator"."""

    __slots__ = ()

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this person is in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticFile(_OfRows):
    """A synthetic file that exists, rows that it was made from, and rows of people it was not made from.

    Rows of `real` are exposed, rows of `control` are not. The adversary knows the targets' rows, the
    synthetic rows, and a reference: the control rows that are not asked about in the same world. In two
    worlds each half of the controls is asked about once, and is reference once, and everybody is asked about
    once.

    Nobody tossed a coin: the comparison assumes that control rows are drawn like real ones.

    Args:
        synthetic: the synthetic rows.
        real: rows that the generator was given.
        control: rows of the same law that it was not given.
        members: int64[a], the rows of `real` that are asked about, each of another person.
        controls: int64[b], the same of `control`.
        parts: the number of worlds that the targets are spread over. With 1 there is a reference only if
            there are control rows that are not asked about.
        generator: what made the file, where that is known.
        promise: what the file is said to keep.
        unit: in which real and control rows differ.

    Raises:
        DataError: if the tables differ in their columns, have cells of several values, or are empty; or if
            fewer are asked about than there are worlds.
    """

    synthetic: Table
    real: Table
    control: Table
    members: Ints
    controls: Ints
    parts: int = 2
    generator: Mechanism[Table] | None = None
    promise: Budget | None = None
    unit: Unit = field(default_factory=Unit.record)

    def __post_init__(self) -> None:
        need_same_columns(synthetic=self.synthetic, real=self.real, control=self.control)
        if not len(self.synthetic):
            raise DataError("the synthetic table has no row: there is nothing to attack.")
        for name, table, rows in (
            ("real", self.real, self.members),
            ("control", self.control, self.controls),
        ):
            inside = len(rows) and rows.min() >= 0 and rows.max() < len(table)
            if not inside or len(np.unique(rows)) < max(len(rows), self.parts):
                raise DataError(
                    f"{len(rows)} of {len(table)} {name} rows are asked about, in {self.parts} worlds: give "
                    "positions of different rows, at least one for each world."
                )

    @classmethod
    def drawn(
        cls,
        synthetic: Table,
        real: Table,
        control: Table,
        *,
        each: int,
        rng: Rng,
        generator: Mechanism[Table] | None = None,
        promise: Budget | None = None,
        unit: Unit | None = None,
    ) -> SyntheticFile:
        """The game about at most `each` people of the real table and as many of the control table.

        Raises:
            DataError: as the game does.
        """
        asking, controlling = rng.spawn(2)
        return cls(
            synthetic=synthetic,
            real=real,
            control=control,
            members=some_people(real, each, rng=asking),
            controls=some_people(control, each, rng=controlling),
            generator=generator,
            promise=promise,
            unit=unit or Unit.record(),
        )

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about a file that exists."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin was tossed, for the report."""
        return later("which rows the synthetic file was made from was decided before the audit")

    def deal(self, world: int, *, rng: Rng) -> SyntheticWorld:
        """Ask about this world's share of both tables, in mixed order; everything else is fixed.

        A target's number is its row in `real`, or its row in `control` after all those of `real`.

        Raises:
            EvidenceError: if there is no such world.
        """
        if not 0 <= world < self.parts:
            raise EvidenceError(
                f"world {world} of one synthetic file: there are worlds 0 to {self.parts - 1}."
            )
        members, controls = (rows[world :: self.parts] for rows in (self.members, self.controls))
        asked = np.concatenate([self.real.low[members], self.control.low[controls]])
        ids = np.concatenate([members, len(self.real) + controls])
        exposed = ids < len(self.real)
        others = self.control.take(~all_rows_of(self.control, controls)).published
        known = SyntheticKnowledge(
            reference=others if len(others) else None, generator=self.generator, rows=len(self.real)
        )
        # Mixed: a target's place must not show which table they are from.
        order = rng.permutation(len(ids))
        targets = Table.of(self.real.domains, asked[order])
        case = Case(self.synthetic, known, targets)
        return World(case, exposed[order], exposed[order], ids[order], promise=self.promise, source=self.real)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Synthesis(_OfRows):
    """A generator is given rows of people; a fair coin decides for each target whether theirs are among them.

    All other people whose rows it gets are drawn at random from those who are no targets. The adversary knows
    the targets' rows, the synthetic rows, the generator, a reference, and about how many rows were given.

    Args:
        people: a precise table of all people who can be asked about or given to the generator.
        generator: makes the synthetic rows.
        reference: rows of other people of the same law, for the adversary's knowledge.
        group: the average number of people that the generator is given.
        targets: how many people are asked about in each world.
        asked: int64[t], rows of `people`, each of another person: these are asked about in every world. None
            to draw `targets` people again in each.
        unit: in which exposed and control differ: one row, or all rows of one person.

    Raises:
        DataError: if there are too few people, the reference has other columns, or cells hold several values.
    """

    people: Table
    generator: Mechanism[Table]
    reference: Table | None = None
    group: int = 1_000
    targets: int = 100
    asked: Ints | None = None
    unit: Unit = field(default_factory=Unit.record)

    def __post_init__(self) -> None:
        need_same_columns(
            people=self.people, **({} if self.reference is None else {"reference": self.reference})
        )
        count, everybody = self._count, len(np.unique(whose(self.people)))
        if self.asked is not None and len(np.unique(whose(self.people)[self.asked])) < count:
            raise DataError(f"{count} rows are asked about, some of the same person: give one row of each.")
        # At least one other person, since a generator that is given nobody makes nothing.
        if not 2 <= count < 2 * self.group:
            raise DataError(
                f"{count} targets for a group of {self.group}: give 2 to {2 * self.group - 1} targets."
            )
        if self.others + count > everybody:
            raise DataError(
                f"a group of {self.group} with {count} targets needs {self.others + count} people, but there "
                f"are {everybody}: ask about fewer, or make the group smaller."
            )

    @property
    def _count(self) -> int:
        return self.targets if self.asked is None else len(self.asked)

    @property
    def others(self) -> int:
        """The number of people given to the generator who are no targets."""
        return self.group - self._count // 2

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> SyntheticWorld:
        """Draw targets, coins and the rest of the group, and generate. A target's number is its row."""
        drawing, coins, generating = rng.spawn(3)
        ids = some_people(self.people, self.targets, rng=drawing) if self.asked is None else self.asked
        person = whose(self.people)
        member = coins.random(len(ids)) < 0.5
        rest = drawing.permutation(np.setdiff1d(person, person[ids]))[: self.others]
        # In the order of the table: where a row stands must not show who is a target.
        given = self.people.take(np.isin(person, np.concatenate([person[ids[member]], rest])))
        release = self.generator(given, rng=generating)
        known = SyntheticKnowledge(reference=self.reference, generator=self.generator, rows=self.group)
        case = Case(release.view.published, known, self.people.take(ids).published)
        return World(case, member, member, ids, promise=release.budget, source=given)


def some_people(table: Table, count: int, *, rng: Rng) -> Ints:
    """One row each of at most `count` people, drawn at random, int64[at most count]."""
    order = rng.permutation(len(table))
    _, first = np.unique(whose(table)[order], return_index=True)
    return order[np.sort(first)[:count]]


def need_same_columns(**given: Table | None) -> None:
    """Check that tables are precise and have the same columns, under the same values; None is no table.

    Raises:
        DataError: with the names of the tables that differ.
    """
    tables = [(name, table) for name, table in given.items() if table is not None]
    (first, one), *others = tables
    for name, table in tables:
        if not table.precise:
            raise DataError(f"the {name} table has cells that hold several values: give one value a cell.")
    for name, table in others:
        if table.names != one.names:
            raise DataError(
                f"the {first} table has the columns {', '.join(one.names)}, and the {name} table "
                f"{', '.join(table.names)}: give the same ones, in the same order."
            )
        for mine, theirs in zip(one.domains, table.domains, strict=True):
            if mine is not theirs and mine.digest() != theirs.digest():
                raise DataError(
                    f"the values of {mine.name!r} in the {first} table are not those in the {name} table: "
                    "read all tables under one list of values."
                )
