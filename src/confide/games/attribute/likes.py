"""Traits from likes: what do a person's likes tell of him, to somebody who learned from other people?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import Unit
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.likes import Claims, Kind, Panel
from confide.views.interactions import Interactions

TraitWorld: TypeAlias = World[Interactions, Panel, Claims, None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraitInference:
    """Everybody's likes are released; the adversary knows the traits of all but one part of the people.

    World i asks about the people of part i: a cross-validation, in which each person is a target once. The
    claim is "he has the trait", and exposed is who has it: a claim about somebody else is a wrong ascription.
    So the rates are the field's own: the AUC is the chance that somebody who has the trait is ranked above
    somebody who has not [Kosinski, Stillwell, Graepel 2013], and the true-positive rate is the share of
    people found at a price in wrong ascriptions. Nobody tossed a coin over who has a trait, and what is
    found is mostly true of anybody with these likes, in the data or not: this game bounds no promise.

    Of several classes each gives one claim a person ("his class is this one"), and the target's number is
    person * classes + class. Of a number the claim is "it lies above the middle of all people's".

    Args:
        items: everybody's likes, n people.
        value: float64[n], as in `Panel`.
        kind, classes: as in `Panel`.
        part: int64[n], the part of each person, 0..worlds-1.
        mechanism: what the likes go through before they are released.
    """

    items: Interactions
    value: Floats
    kind: Kind
    classes: int
    part: Ints
    mechanism: Mechanism[Interactions]

    @property
    def unit(self) -> Unit:
        """All likes of one person."""
        return Unit.person("person", at_most=2**31)

    @property
    def randomised(self) -> bool:
        """No coin decides who has a trait."""
        return False

    def deal(self, world: int, *, rng: Rng) -> TraitWorld:
        release = self.mechanism(self.items, rng=rng)
        people = np.flatnonzero(self.part == world)
        others = np.flatnonzero(self.part != world)
        panel = Panel(
            items=self.items.take(others),
            value=self.value[others],
            kind=self.kind,
            classes=self.classes,
            mechanism=self.mechanism,
        )
        claims = claims_about(people, self.kind, self.classes)
        exposed = holds(self.value, self.kind)[claims.row, claims.value]
        ids = claims.row * self.classes + claims.value if self.kind == "classes" else claims.row
        return World(Case(release.view, panel, claims), None, exposed, ids, None)

    def hits(self, guess: Guess, secrets: None) -> Bools:
        """bool[n]: all; what is claimed of each target is given, and the score alone says how surely."""
        return np.ones(len(guess.score), np.bool_)


def claims_about(people: Ints, kind: Kind, classes: int) -> Claims:
    """One claim about each of these people, or one for each class."""
    if kind != "classes":
        return Claims(people, np.ones(len(people), np.int64))
    return Claims(np.repeat(people, classes), np.tile(np.arange(classes), len(people)))


def holds(value: Floats, kind: Kind) -> Bools:
    """Which claims are true of each person, bool[n, C].

    >>> holds(np.array([3.0, 9.0, 5.0]), "number")[:, 1].tolist()
    [False, True, False]
    """
    code = (value > np.median(value) if kind == "number" else value).astype(np.int64)
    return code[:, None] == np.arange(max(int(code.max(initial=0)), 1) + 1)


def parts(value: Floats, kind: Kind, *, count: int, rng: Rng) -> Ints:
    """People dealt to parts so that the trait is spread alike over them, int64[n].

    Each class (a number: each run of `count` neighbours in its order) is dealt in random order, one to a
    part, and the next one goes on where it ended: the parts' sizes, overall and of each class, differ by at
    most one.

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
