"""Attribute inference from likes: does a person have a trait, given what others with the trait like?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.likes import Claims, Kind, Panel
from confide.views.interactions import Interactions

TraitWorld: TypeAlias = World[Interactions, Panel, Claims, None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraitInference:
    """All likes are released, and the adversary knows the traits of all people outside one part.

    World i asks about the people of part i: a cross-validation, in which each person is a target once. The
    claim is "the person has the trait", and exposed is who has it. A claim about another person is a wrong
    ascription. So the rates are those of the literature: the AUC is the probability that a person with the
    trait is ranked above a person without it [Kosinski, Stillwell, Graepel 2013]. The true-positive rate is
    the share of people found at a given rate of wrong ascriptions. No coin decides who has a trait, and what
    is found is mostly true of all people with these likes, in the data or not. So this game certifies no
    bound on a promise.

    Of several classes each gives one claim about a person ("their class is this one"), and the target's
    number is person * classes + class. Of a number the claim is "it is above the median of all people".

    Args:
        items: the likes of all n people.
        value: float64[n], as in `Panel`.
        kind: as in `Panel`.
        classes: as in `Panel`.
        part: int64[n], the part of each person, 0..worlds-1.
        mechanism: protects the likes before they are released.
        released: a release that was already made, with people and items coded as in `items`; the mechanism is
            applied to it. None to release `items`.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.
    """

    items: Interactions
    value: Floats
    kind: Kind
    classes: int
    part: Ints
    mechanism: Mechanism[Interactions]
    released: Interactions | None = None
    made_by: Mechanism[Interactions] | None = None

    @property
    def unit(self) -> Unit:
        """All likes of one person."""
        return Unit.person("person", at_most=ANY_NUMBER)

    @property
    def randomised(self) -> bool:
        """No coin decides who has a trait."""
        return False

    @property
    def crossed(self) -> bool:
        """World i asks about people of whom those asked about in the others learned: a cross-validation."""
        return True

    def deal(self, world: int, *, rng: Rng) -> TraitWorld:
        """Release all likes, and ask about the people of this part."""
        source = self.items if self.released is None else self.released
        release = self.mechanism(source, rng=rng)
        people = np.flatnonzero(self.part == world)
        others = np.flatnonzero(self.part != world)
        panel = Panel(
            items=self.items.take(others),
            value=self.value[others],
            kind=self.kind,
            classes=self.classes,
            mechanism=self.made_by or self.mechanism,
        )
        claims = claims_about(people, self.kind, self.classes)
        exposed = holds(self.value, self.kind)[claims.row, claims.value]
        ids = claims.row * self.classes + claims.value if self.kind == "classes" else claims.row
        case = Case(release.view, panel, claims)
        return World(case, None, exposed, ids, promise=release.budget, source=source)

    def hits(self, guess: Guess, secrets: None) -> Bools:
        """bool[n]: all True. Each target is a claim already, and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)


def claims_about(people: Ints, kind: Kind, classes: int) -> Claims:
    """One claim about each of these people, or one for each class."""
    if kind != "classes":
        return Claims(people, np.ones(len(people), np.int64))
    return Claims(np.repeat(people, classes), np.tile(np.arange(classes), len(people)))


def holds(value: Floats, kind: Kind) -> Bools:
    """The truth of each claim about each person, bool[n, C].

    >>> holds(np.array([3.0, 9.0, 5.0]), "number")[:, 1].tolist()
    [False, True, False]
    """
    code = (value > np.median(value) if kind == "number" else value).astype(np.int64)
    return code[:, None] == np.arange(max(int(code.max(initial=0)), 1) + 1)


def parts(value: Floats, kind: Kind, *, count: int, rng: Rng) -> Ints:
    """Stratified parts of people, with the trait spread evenly over them, int64[n].

    Each class (of a number: each run of `count` neighbours in its order) is dealt in random order, one person
    to a part, and the next one continues where it ended. So the sizes of the parts, overall and of each
    class, differ by at most one.

    >>> dealt = parts(np.repeat([0.0, 1.0], [9, 6]), "binary", count=3, rng=np.random.default_rng(0))
    >>> np.bincount(dealt[:9]).tolist(), np.bincount(dealt[9:]).tolist()
    ([3, 3, 3], [2, 2, 2])
    """
    n = len(value)
    order = np.lexsort((rng.permutation(n), value))
    dealt = np.empty(n, np.int64)
    if kind == "number":
        runs = -(-n // count)
        dealt[order] = np.argsort(rng.random((runs, count)), axis=1).ravel()[:n]
    else:
        dealt[order] = np.arange(n) % count
    return dealt
