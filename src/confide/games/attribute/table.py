"""Attribute inference from a table: what stands in the secret column of a person, in the release or not?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.games.linkage.claims import HoldsOut, pseudonyms
from confide.knowledge.table import Knowing, TableKnowledge
from confide.views.table import Table
from confide.views.table_people import all_rows_of

InferenceWorld: TypeAlias = World[Table, TableKnowledge, Table, Ints]

NOTHING = -1
"""As a claim: no value is claimed, and the claim is never right."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableInference(HoldsOut):
    """A release of a table, and an adversary who knows some columns of each target and claims another one.

    A fair coin decides for each target whether they are held out of the release, with all rows they have. The
    claim is "the secret of this person is v"; of somebody with several rows, that of the row asked about.
    About both, people in the release (exposed) and people held out (control), it is right or wrong, and only
    right claims count. So the control rate is what the release teaches about everybody, and the difference is
    leakage about the individual. Given the data, "the claim about this person is right, and its score is
    above t" is a function of the release alone. So epsilon bounds the difference as it does in membership:
    P(right | exposed) <= e^epsilon P(right | control) + delta.

    Args:
        mechanism: protects the table before it is published.
        records: the precise table of all people.
        known: the columns that the adversary knows.
        secret: the column that it claims.
        targets: int64[t], the rows it is asked about, each of another person and in one world.
        knowing: how well it knows those columns.
        parts: the number of worlds that the targets are spread over.
        excluding: how many values of the secret the adversary knows not to hold of each target. They are
            drawn at random from those that do not, the same way for people in the release and out of it.
        population: a table of other people, for the adversary's knowledge.
        released: a release that was already made, with a row for each row of `records`; the mechanism is
            applied to it. None to publish `records`.
        absent: bool[n], the rows that are in no release for reasons of their own.
        coin: whether a fair coin holds targets out. If not, the absent people are the control people.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.

    Raises:
        DataError: if the table is not precise, the secret is known or the same for everybody, or the
            excluded values leave only one.
    """

    mechanism: Mechanism[Table]
    records: Table
    known: tuple[str, ...]
    secret: str
    targets: Ints
    knowing: Knowing = field(default_factory=Knowing)
    parts: int = 1
    excluding: int = 0
    population: Table | None = None
    released: Table | None = None
    absent: Bools | None = None
    coin: bool = True
    made_by: Mechanism[Table] | None = None

    def __post_init__(self) -> None:
        inferable(self.records, self.known, self.secret)
        values = len(self.records.domains[self.records.at(self.secret)])
        if not 0 <= self.excluding <= max(values - 2, 0):
            raise DataError(
                f"{self.excluding} of the {values} values of {self.secret!r} excluded: at most "
                f"{max(values - 2, 0)}, so that more than one stays possible."
            )

    @property
    def unit(self) -> Unit:
        """All rows of one person."""
        return Unit.person("person", at_most=ANY_NUMBER)

    def deal(self, world: int, *, rng: Rng) -> InferenceWorld:
        """Toss the coins of this world's targets, publish all other people, and draw what is known."""
        coins, numbering, protecting, telling, excluding = rng.spawn(5)
        ids = self.targets[world % self.parts :: self.parts]
        absent = np.zeros(len(self.records), np.bool_) if self.absent is None else self.absent.copy()
        if self.coin:
            absent |= all_rows_of(self.records, ids[coins.random(len(ids)) < 0.5])
        order, _ = pseudonyms(len(self.records), np.flatnonzero(absent), rng=numbering)
        source = (self.records if self.released is None else self.released).take(order)
        release = self.mechanism(source, rng=protecting)
        secrets = self._secrets[ids]
        known = TableKnowledge(
            wrong=self.knowing.wrong,
            population=None if self.population is None else self.population.published,
            secret=self.secret,
            mechanism=self.made_by or self.mechanism,
            excluded=self._excluded(secrets, rng=excluding) if self.excluding else None,
        )
        facts = self.knowing.about(self.records.only(self.known), ids, rng=telling)
        case = Case(release.view.published, known, facts)
        return World(case, secrets, ~absent[ids], ids, promise=release.budget, source=source)

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[n]: the value that is claimed is the person's, whether they are in the release or not."""
        return named_rightly(guess, secrets)

    @property
    def _secrets(self) -> Ints:
        return self.records.low[:, self.records.at(self.secret)].astype(np.int64)

    def _excluded(self, secrets: Ints, *, rng: Rng) -> Bools:
        """Some values that do not hold, for each target: bool[t, m]."""
        values = len(self.records.domains[self.records.at(self.secret)])
        order = rng.random((len(secrets), values))
        order[np.arange(len(secrets)), secrets] = np.inf  # what holds comes last
        excluded = np.zeros(order.shape, np.bool_)
        first = np.argsort(order, axis=1)[:, : self.excluding]
        np.put_along_axis(excluded, first, True, axis=1)
        return excluded


def named_rightly(guess: Guess, secrets: Ints) -> Bools:
    """bool[n]: the value that is claimed is the secret; False where none is claimed.

    >>> named_rightly(Guess(np.array([3, NOTHING]), np.ones(2)), np.array([3, 1])).tolist()
    [True, False]
    """
    claim = np.full(len(secrets), NOTHING) if guess.value is None else guess.value
    return claim == secrets


def inferable(table: Table, known: tuple[str, ...], secret: str) -> None:
    """Refuse a table, known columns and a secret of which nothing can be inferred.

    Raises:
        DataError: if the table is not precise, the secret is known or the same for everybody, or no column
            is known.
    """
    if not table.precise:
        raise DataError("the table has cells that hold several values: give the one that was collected.")
    if secret in known or not known:
        raise DataError(
            f"the secret {secret!r} is among the known columns, or none is known "
            f"({', '.join(known) or 'none'}): give known columns without the secret."
        )
    if len(np.unique(table.low[:, table.at(secret)])) < 2:
        raise DataError(f"{secret!r} is the same for everybody: there is nothing to infer.")
