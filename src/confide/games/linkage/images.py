"""Recognition: who, of the people that the adversary has pictures of, is in this obscured picture?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Mechanism, World
from confide.games.linkage.claims import NOBODY, Linkage
from confide.knowledge.images import Gallery
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageRecognition(Linkage):
    """Each person's pictures are divided: some he finds clear and named, the others are released obscured.

    A random half of the people are strangers, of whom the adversary has no picture. About each released
    picture he claims a name. Exposed: the person is in his gallery, and the right name hits. Control: a
    stranger, and any name is a false match. In the closed form nobody is a stranger, as in the literature's
    top-1 and top-5.

    The unit is one picture: had another been released in its place, a mechanism private for it would let the
    same name be claimed at most e^epsilon times as rarely. All pictures of one person are exposed or control
    together, so exposure is not independent from target to target, and no bound on epsilon is certified; over
    five worlds and more, intervals rest on the worlds' spread.

    Args:
        mechanism: obscures the released pictures.
        pictures: of people 0, 1, ..., at least two pictures of each.
        gallery: the share of each person's pictures that the adversary has; at least one picture of each goes
            to either side.
        closed: is everybody in the gallery?

    Raises:
        DataError: if the pictures carry no names, a person has one picture only, or the share cannot be used.
    """

    mechanism: Mechanism[Pictures]
    pictures: Pictures
    gallery: float = 0.8
    closed: bool = False

    def __post_init__(self) -> None:
        if self.pictures.person is None:
            raise DataError("the pictures carry no names, so nobody can be recognised: give `person`.")
        counts = np.bincount(self.pictures.person)
        if counts.min(initial=2) < 2:
            raise DataError(f"person {counts.argmin()} has {counts.min()} pictures: give 2 or more of each.")
        if not 0 < self.gallery < 1:
            raise DataError(f"gallery is {self.gallery}: give a share between 0 and 1.")

    @property
    def unit(self) -> Unit:
        """One picture, and another in its place."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """Half of the people are drawn, but the pictures of one person share his lot."""
        return False

    def deal(self, world: int, *, rng: Rng) -> World[Pictures, Gallery, Ints, Ints]:
        divide, lots, maker = rng.spawn(3)
        person = _codes(self.pictures)
        shown = divided(person, self.gallery, rng=divide)
        people = int(person.max()) + 1
        inside = np.ones(people, np.bool_)
        if not self.closed:
            inside[lots.permutation(people)[: people // 2]] = False
        name = np.where(inside, np.cumsum(inside) - 1, NOBODY)
        known = np.flatnonzero(shown & inside[person])
        asked = lots.permutation(np.flatnonzero(~shown))  # the order tells nothing
        view = self.mechanism(self.pictures.take(asked).nameless(), rng=maker).view
        clear = Pictures(self.pictures.pixels[known], name[person[known]])
        return World(
            case=Case(view, Gallery(clear, self.mechanism), np.arange(len(asked))),
            secrets=name[person[asked]],
            exposed=inside[person[asked]],
            ids=asked,
        )


def divided(person: Ints, share: float, *, rng: Rng) -> Bools:
    """bool[n]: which pictures are in the gallery; of each person's k, round(share k), but neither 0 nor k.

    >>> int(divided(np.repeat([0, 1], [10, 2]), 0.9, rng=np.random.default_rng(0)).sum())
    10
    """
    order = np.lexsort((rng.random(len(person)), person))
    counts = np.bincount(person)
    place = np.empty(len(person), np.int64)
    place[order] = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = np.clip(np.round(share * counts).astype(np.int64), 1, counts - 1)
    return place < kept[person]


def _codes(pictures: Pictures) -> Ints:
    assert pictures.person is not None  # __post_init__ saw to it
    return pictures.person
