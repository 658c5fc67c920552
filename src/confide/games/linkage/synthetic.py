"""Singling out through a synthetic file: a predicate that holds for exactly one person behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Floats, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, World
from confide.games.linkage.singling_out import Judged, OutWorld, isolating
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table
from confide.views.table_people import number_of_people, whose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticSinglingOut:
    """A synthetic file that exists already, and an adversary that says predicates to single people out.

    The adversary sees the file and makes a number of claims "exactly one person has this". A coin, which it
    does not see, decides for each claim where it is judged. Exposed: on the real people behind the file.
    Control: on as many people who were held out. So the control rate is what a predicate of the same weight
    singles out by luck (`luck`): in about .37 of the cases at most.

    Both sides have the same number of people, since the luck depends on it. Where fewer were held out than
    are behind the file, a random part of the real people is judged. Then a claim about one of all real people
    hits only if that person is in this part, and the rates are below those on all of them.

    As in `SinglingOut`, which plays the same with a mechanism and `repeats`: a claim counts only if it holds
    for at most `matches` people of as many held-out ones; a claim holds for a person if it holds for a row of
    theirs; and no bound on a promise follows.

    Args:
        synthetic: the file, over the domains of the other two.
        real: the precise table of the people behind it.
        control: the precise table of people who were held out.
        claims: the number of claims that are asked for.
        matches: the most held-out people who may match, in as many people as are judged.

    Raises:
        DataError: if the tables do not fit together or hold ranges, fewer than 2 people are on one side, or
            less than one match or claim is allowed.

    Source: Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020).
    """

    synthetic: Table
    real: Table
    control: Table
    claims: int = 2_000
    matches: float = 5.0

    def __post_init__(self) -> None:
        self.real.same_columns(self.synthetic, "synthetic file")
        self.real.same_columns(self.control, "control file")
        if not (self.real.precise and self.control.precise):
            raise DataError("the records hold ranges: give the table as it was before it was generalised.")
        inside, out = number_of_people(self.real), number_of_people(self.control)
        if min(out, inside) < 2:
            raise DataError(f"{inside} people are behind the file and {out} were held out: give 2 of each.")
        if self.matches < 1 or self.claims < 1:
            raise DataError(f"{self.claims} claims with {self.matches} matches outside: give 1 or more.")

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """A coin decides on which people a claim is judged, and not about one single person."""
        return False

    @property
    def judged(self) -> int:
        """How many people there are on each side."""
        return min(number_of_people(self.real), number_of_people(self.control))

    def deal(self, world: int, *, rng: Rng) -> OutWorld:
        """Draw the people who are judged, and toss a coin for each claim."""
        mixing, drawing, judging = rng.spawn(3)
        exposed = judging.random(self.claims) < 0.5
        judged = Judged(
            some_people(self.real, self.judged, rng=drawing),
            some_people(self.control, self.judged, rng=drawing),
            exposed,
            self.matches / self.judged,
        )
        # What attacks draw at random must not depend on the order of a file.
        view = self.synthetic.take(mixing.permutation(len(self.synthetic))).published
        case = Case(view, TableKnowledge(wrong=0.0, repeats=True), np.arange(self.claims))
        return World(case, judged, exposed, source=self.real)

    def hits(self, guess: Guess, secrets: Judged) -> Bools:
        """bool[claims]: the predicate holds for exactly one of the people, and its weight is small enough."""
        return isolating(guess, secrets)


def some_people(table: Table, most: int, *, rng: Rng) -> Table:
    """All rows of this many people drawn at random, or of everybody.

    >>> from confide.views.table import Domain
    >>> visits = Table.of([Domain("sex", ("f", "m"))], np.zeros((4, 1)), people=np.array([7, 7, 9, 9]))
    >>> len(some_people(visits, 1, rng=np.random.default_rng(0)))
    2
    """
    person = whose(table)
    kept = rng.permutation(int(person.max(initial=-1)) + 1) < most
    return table.take(kept[person])


def luck(weight: Floats, people: int) -> Floats:
    """The chance n w (1 - w)^(n-1) that a predicate of weight w holds for exactly one of n people.

    Args:
        weight: float64[q], the share of the population for whom each predicate holds.
        people: n.

    >>> luck(np.array([0.0, 0.001, 0.01]), 1_000).round(4).tolist()
    [0.0, 0.3681, 0.0004]
    """
    return people * weight * (1 - weight) ** (people - 1)
