"""Attribute inference from a synthetic file: what is the secret of the people behind it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.games.attribute.table import inferable, named_rightly
from confide.knowledge.table import Knowing, TableKnowledge
from confide.views.table import Table
from confide.views.table_people import one_row_each

SecretWorld: TypeAlias = World[Table, TableKnowledge, Table, Ints]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticInference:
    """A synthetic file that exists already, and an adversary that claims a column of people it knows in part.

    Exposed are people whose records the file was made from, control are people who were held out. Of both the
    adversary knows some columns, and says what stands in another one. It is right or wrong about both, and
    only right claims count. So the control rate is what the file says about everybody, and the difference is
    leakage about the individual.

    It may also have a register of the known columns: of all these people, in random order, without a word on
    who is behind the file and who is not.

    No coin was tossed here. That exposed and control are of one law is an assumption, and no bound on a
    promise follows.

    Args:
        synthetic: the file, over the domains of the other two.
        real: the precise table of the people behind it.
        control: the precise table of people who were held out.
        known: the columns that the adversary knows.
        secret: the column that it claims.
        knowing: how well it knows those columns.
        most: how many people are asked about on each side.
        register: whether it knows the register.
        population: a table of other people, for the adversary's knowledge.

    Raises:
        DataError: if the tables do not fit together, a side is empty, or there is nothing to infer.
    """

    synthetic: Table
    real: Table
    control: Table
    known: tuple[str, ...]
    secret: str
    knowing: Knowing = field(default_factory=lambda: Knowing(wrong=0.0))
    most: int = 2_000
    register: bool = True
    population: Table | None = None

    def __post_init__(self) -> None:
        self.real.same_columns(self.synthetic, "synthetic file")
        self.real.same_columns(self.control, "control file")
        inferable(self.real, self.known, self.secret)
        if not len(self.control) or self.most < 1:
            raise DataError(
                f"{len(self.control)} control people, and {self.most} asked about on each side: "
                "give 1 or more."
            )

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """The file exists already: no coin decides who is behind it."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin was tossed, for the report."""
        return later("the synthetic file exists already, and who was held out was decided before")

    def deal(self, world: int, *, rng: Rng) -> SecretWorld:
        """Draw who is asked about, and what is known of them."""
        choosing, telling, mixing = rng.spawn(3)
        ids = [
            one_row_each(table, np.arange(len(table)), rng=choosing)[: self.most] + start
            for table, start in ((self.real, 0), (self.control, len(self.real)))
        ]
        targets = mixing.permutation(np.concatenate(ids))
        codes = np.concatenate([self.real.low, self.control.low])
        both = Table.of(self.real.domains, codes)
        facts = self.knowing.about(both.only(self.known), np.arange(len(both)), rng=telling)
        known = TableKnowledge(
            wrong=self.knowing.wrong,
            population=None if self.population is None else self.population.published,
            secret=self.secret,
            everybody=facts.take(mixing.permutation(len(facts))) if self.register else None,
        )
        case = Case(self.synthetic.published, known, facts.take(targets))
        secrets = codes[targets, both.at(self.secret)].astype(np.int64)
        return World(case, secrets, targets < len(self.real), targets, source=self.real)

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[n]: the value that is claimed is the person's, on either side."""
        return named_rightly(guess, secrets)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomisedSecrets:
    """A synthetic file made from data in which coins have drawn the targets' secrets.

    Before the mechanism runs, a fair coin decides for each target which of two values stands in their secret
    column: the one that is asked about (exposed) or the other one (control). All other people keep theirs.
    The claim is "the secret is the one that is asked about". So an adversary that looks at no file has an AUC
    of 1/2, whatever it knows of the population, and what is found above it is the secret of the individual.
    The two data sets differ in one cell: P(claim | exposed) <= e^epsilon P(claim | control) + delta, where
    epsilon and delta are those of a promise about what one row holds in this column.

    The adversary knows the other columns of everybody, as in Annamalai, Gadotti, Rocher (2024). A guess that
    names the value that is asked about keeps its score, one that names the other value gets minus it, and
    one that names neither gets 0.

    Args:
        mechanism: makes the file.
        records: the precise table of all n people.
        known: the columns that the adversary knows.
        secret: the column that it claims.
        targets: int64[t], the rows whose secrets are drawn.
        values: the codes of the other value and of the one that is asked about; None for the only two that
            people have, or the two commonest.
        knowing: how well it knows those columns.
        population: a table of other people, for the adversary's knowledge.
        made_by: how the file was made in all, as the adversary knows it; None where `mechanism` is all.

    Raises:
        DataError: if there is nothing to infer, or no row is asked about.
    """

    mechanism: Mechanism[Table]
    records: Table
    known: tuple[str, ...]
    secret: str
    targets: Ints
    values: tuple[int, int] | None = None
    knowing: Knowing = field(default_factory=lambda: Knowing(wrong=0.0))
    population: Table | None = None
    made_by: Mechanism[Table] | None = None

    def __post_init__(self) -> None:
        inferable(self.records, self.known, self.secret)
        if not len(self.targets):
            raise DataError("no row is asked about: give one or more.")
        size = len(self.records.domains[self.records.at(self.secret)])
        low, high = self.two
        if low == high or not 0 <= min(low, high) <= max(low, high) < size:
            raise DataError(
                f"the codes {low} and {high} of {self.secret!r}: give two different ones from 0 to "
                f"{size - 1}."
            )

    @property
    def two(self) -> tuple[int, int]:
        """The codes of the other value and of the one that is asked about."""
        if self.values is not None:
            return self.values
        count = np.bincount(self.records.low[:, self.records.at(self.secret)])
        first, second = np.sort(np.argsort(-count, kind="stable")[:2]).tolist()
        return first, second

    @property
    def unit(self) -> Unit:
        """What one row holds in the secret column."""
        return Unit.cells([self.secret])

    @property
    def randomised(self) -> bool:
        """A fair coin decides about each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> SecretWorld:
        """Toss the coins, write the secrets into the data, and make the file."""
        coins, numbering, protecting, telling, mixing = rng.spawn(5)
        exposed = coins.random(len(self.targets)) < 0.5
        codes = self.records.low.copy()
        codes[self.targets, self.records.at(self.secret)] = np.asarray(self.two)[exposed.astype(np.int64)]
        drawn = Table.of(self.records.domains, codes, people=self.records.people)
        # The order of the rows says nothing, also of a mechanism that keeps it.
        source = drawn.take(numbering.permutation(len(drawn)))
        release = self.mechanism(source, rng=protecting)
        facts = self.knowing.about(drawn.only(self.known), np.arange(len(drawn)), rng=telling).published
        known = TableKnowledge(
            wrong=self.knowing.wrong,
            population=None if self.population is None else self.population.published,
            secret=self.secret,
            mechanism=self.made_by or self.mechanism,
            excluded=self._excluded(),
            everybody=facts.take(mixing.permutation(len(facts))),
        )
        secrets = codes[self.targets, drawn.at(self.secret)].astype(np.int64)
        return World(
            Case(release.view.published, known, facts.take(self.targets)),
            secrets,
            exposed,
            self.targets,
            promise=None if release.budget is None else in_one_cell(release.budget, self.secret),
            source=source,
        )

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """All True: the only claim is "the secret is the one that is asked about"."""
        return np.ones(len(guess.score), np.bool_)

    def scored(self, guess: Guess) -> Floats:
        """float64[t]: how sure the guess is of the value that is asked about."""
        if guess.value is None:
            return guess.score
        low, high = self.two
        return np.select([guess.value == high, guess.value == low], [guess.score, -guess.score], 0.0)

    def _excluded(self) -> Bools:
        """All values but the two, for each target: bool[t, m]."""
        values = len(self.records.domains[self.records.at(self.secret)])
        return np.tile(~np.isin(np.arange(values), self.two), (len(self.targets), 1))


def in_one_cell(budget: Budget, secret: str) -> Budget:
    """What a promise about a record, or a person, says of one cell: a row leaves and another one comes.

    Each of the two steps costs epsilon, and delta grows by e^epsilon in the second one. A promise about
    anything else is left as it is.

    >>> str(in_one_cell(Budget(0.5), "ill"))
    'epsilon 1, delta 0, hiding what any one row holds in ill'
    """
    if budget.unit.kind not in ("record", "person"):
        return budget
    delta = budget.delta * (1 + np.exp(min(budget.epsilon, 700.0)))
    if delta >= 1:
        return budget
    return Budget(2 * budget.epsilon, float(delta), Unit.cells([secret]))
