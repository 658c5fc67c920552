"""Singling out: a predicate that holds for exactly one person of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.games.linkage.claims import TAKEN_OUT
from confide.knowledge.table import TableKnowledge
from confide.views.predicates import BitSets
from confide.views.table import Table
from confide.views.table_people import number_of_people, whose


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The referee's part of a world: the people a claim is about.

    Args:
        inside: the original, precise records behind the release.
        outside: those of as many people who are not in it.
        exposed: bool[claims], whether each claim is judged on the people inside.
        most: the weight up to which a claim counts, as a share of the people outside.
    """

    inside: Table
    outside: Table
    exposed: Bools
    most: float


OutWorld: TypeAlias = World[Table, TableKnowledge, Ints, Judged]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SinglingOut:
    """A released table, and an adversary that says predicates to single people out.

    A random half of the people are released, with all rows they have, the others are outside. The adversary
    sees the release and makes a number of claims "exactly one person has this". A coin, which it does not
    see, decides for each claim where it is judged. Exposed: on the original records of the people released.
    Control: on the people outside. So the control rate is what a predicate of the same weight singles out by
    luck.

    A predicate of any weight w holds for exactly one of n people by luck with the chance n w (1 - w)^(n-1),
    which is .37 at w = 1/n. A claim counts only if the share of the people outside for whom it holds is at
    most `matches` / n. That is what makes it a predicate about one person, and no large group in which one
    happens to be released. A claim holds for a person if it holds for a row of theirs.

    No coin decides about one single person, so this game certifies no bound on a promise.

    Args:
        mechanism: protects the table before it is published. It keeps the rows and their order.
        records: the precise table of all people.
        claims: the number of claims that are asked for.
        matches: the most people who may match outside, in as many people as are released.
        released: a table that was already published, with a row for each row of `records`; the mechanism is
            applied to it. None to publish `records`.
        outside: bool[n], the rows that are not in the release; those of a random half of the people by
            default.
        repeats: whether the mechanism may make several rows of one person's, as those that synthesise do.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.

    Raises:
        DataError: if the records hold ranges, fewer than 2 people are on one side, or less than one match or
            claim is allowed.

    Source: Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020).
    """

    mechanism: Mechanism[Table]
    records: Table
    claims: int = 2_000
    matches: float = 5.0
    released: Table | None = None
    outside: Bools | None = None
    repeats: bool = False
    made_by: Mechanism[Table] | None = None

    def __post_init__(self) -> None:
        if not self.records.precise:
            raise DataError("the records hold ranges: give the table as it was before it was generalised.")
        if self.outside is None:
            people = number_of_people(self.records)
            inside, out = people - people // 2, people // 2
        else:
            inside, out = (number_of_people(self.records, rows) for rows in (~self.outside, self.outside))
        if min(out, inside) < 2:
            raise DataError(f"{inside} people are in the release and {out} outside: give 2 of each.")
        if self.matches < 1 or self.claims < 1:
            raise DataError(f"{self.claims} claims with {self.matches} matches outside: give 1 or more.")

    @property
    def unit(self) -> Unit:
        """All rows of one person."""
        return Unit.person("person", at_most=ANY_NUMBER)

    @property
    def randomised(self) -> bool:
        """A coin decides on which people a claim is judged, and not about one single person."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, where people were taken out of a release that was made with them."""
        return TAKEN_OUT if self.released is not None and self.outside is None else ""

    def deal(self, world: int, *, rng: Rng) -> OutWorld:
        """Divide the people, publish one half in random order, and toss a coin for each claim."""
        dividing, protecting, judging = rng.spawn(3)
        inside, outside = self._divided(dividing)
        release = self.mechanism(
            (self.records if self.released is None else self.released).take(inside), rng=protecting
        )
        exposed = judging.random(self.claims) < 0.5
        judged = Judged(
            self.records.take(inside),
            self.records.take(outside),
            exposed,
            self.matches / number_of_people(self.records, inside),
        )
        known = TableKnowledge(wrong=0.0, mechanism=self.made_by or self.mechanism, repeats=self.repeats)
        case = Case(release.view.published, known, np.arange(self.claims))
        return World(case, judged, exposed, promise=release.budget, source=judged.inside)

    def _divided(self, rng: Rng) -> tuple[Ints, Ints]:
        """The rows of the people in the release, and those of as many people outside at most."""
        order = rng.permutation(len(self.records))
        person, out = whose(self.records), self.outside
        # Where a row is a person, the order of the rows is that of the people.
        people = order if self.records.people is None else rng.permutation(int(person.max(initial=-1)) + 1)
        if out is None:
            chosen = np.zeros(len(people), np.bool_)
            chosen[people[: len(people) // 2]] = True
            out = chosen[person]
        inside, outside = order[~out[order]], order[out[order]]
        # Of more people, more would match by luck.
        most = number_of_people(self.records, inside)
        there = np.zeros(len(people), np.bool_)
        there[person[outside]] = True
        few = np.zeros(len(people), np.bool_)
        few[people[there[people]][:most]] = True
        return inside, outside[few[person[outside]]]

    def hits(self, guess: Guess, secrets: Judged) -> Bools:
        """bool[claims]: the predicate holds for exactly one of the people, and its weight is small enough."""
        return isolating(guess, secrets)


def isolating(guess: Guess, judged: Judged) -> Bools:
    """bool[claims]: the predicate holds for exactly one person where it is judged, and is light enough."""
    if guess.value is None:
        return np.zeros(len(guess.score), np.bool_)
    claims = guess.value.tolist()
    outside = BitSets(judged.outside).counts(claims)
    inside = BitSets(judged.inside).counts(claims)
    light = outside <= judged.most * number_of_people(judged.outside)
    return (np.where(judged.exposed, inside, outside) == 1) & light
