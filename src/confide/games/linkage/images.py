"""Linkage of pictures: which of the people it has pictures of does the adversary see in this one?"""

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
    """Recognition of people in released pictures, with clear and named pictures of half of the people.

    Each person's pictures are divided: some are clear and named in the adversary's gallery, the others are
    released. A random half of the people are unknown to the adversary: none of their pictures is in the
    gallery. The adversary claims a name for each released picture. Exposed: the person is in the gallery, and
    the right name hits. Control: the person is unknown, and any name is a false match. In the closed form
    everybody is in the gallery, as in the literature's top-1 and top-5.

    The unit is one picture. A mechanism that protects one picture lets the same name be claimed about it at
    most e^epsilon times as often as about another picture in its place. All pictures of one person are
    exposed or control together. So exposure is not independent between targets, and no bound on epsilon is
    certified. With five worlds and more, intervals rest on the spread between worlds.

    Args:
        mechanism: obscures the released pictures.
        pictures: of people 0, 1, ..., at least two pictures of each.
        gallery: the share of each person's pictures that the adversary has; at least one picture of each goes
            to either side.
        closed: whether all people are in the gallery.
        released: what was already published of each picture; the mechanism is applied to it. None to publish
            `pictures`. The gallery is clear in any case.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.

    Raises:
        DataError: if the pictures carry no names, a person has one picture only, the share cannot be used, or
            there are more or fewer released pictures.
    """

    mechanism: Mechanism[Pictures]
    pictures: Pictures
    gallery: float = 0.8
    closed: bool = False
    released: Pictures | None = None
    made_by: Mechanism[Pictures] | None = None

    def __post_init__(self) -> None:
        if self.pictures.person is None:
            raise DataError("the pictures carry no names, so nobody can be recognised: give `person`.")
        counts = np.bincount(self.pictures.person)
        if counts.min(initial=2) < 2:
            raise DataError(f"person {counts.argmin()} has {counts.min()} pictures: give 2 or more of each.")
        if not 0 < self.gallery < 1:
            raise DataError(f"gallery is {self.gallery}: give a share between 0 and 1.")
        if self.released is not None and len(self.released) != len(self.pictures):
            raise DataError(
                f"{len(self.released)} pictures are released of {len(self.pictures)}: release each one."
            )

    @property
    def unit(self) -> Unit:
        """One picture, and another in its place."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """Half of the people are drawn, but all pictures of one person are exposed or control together."""
        return False

    def deal(self, world: int, *, rng: Rng) -> World[Pictures, Gallery, Ints, Ints]:
        """Divide the pictures, draw who is in the gallery, obscure and release the other pictures."""
        divide, lots, obscuring = rng.spawn(3)
        person = _codes(self.pictures)
        shown = divided(person, self.gallery, rng=divide)
        people = int(person.max()) + 1
        inside = np.ones(people, np.bool_)
        if not self.closed:
            inside[lots.permutation(people)[: people // 2]] = False
        # Gallery codes have no gap, so a code does not tell which people are missing.
        name = np.where(inside, np.cumsum(inside) - 1, NOBODY)
        known = np.flatnonzero(shown & inside[person])
        asked = lots.permutation(np.flatnonzero(~shown))  # a random order gives nothing away
        published = self.pictures if self.released is None else self.released
        release = self.mechanism(published.take(asked).nameless(), rng=obscuring)
        clear = Pictures(self.pictures.pixels[known], name[person[known]])
        return World(
            case=Case(release.view, Gallery(clear, self.made_by or self.mechanism), np.arange(len(asked))),
            secrets=name[person[asked]],
            exposed=inside[person[asked]],
            ids=asked,
            promise=release.budget,
            source=self.pictures.take(asked).nameless(),  # clear: what is left is left of these
        )


def divided(person: Ints, share: float, *, rng: Rng) -> Bools:
    """bool[n]: which pictures are in the gallery: of a person's k, round(share k), but neither 0 nor k.

    >>> int(divided(np.repeat([0, 1], [10, 2]), 0.9, rng=np.random.default_rng(0)).sum())
    10
    """
    order = np.lexsort((rng.random(len(person)), person))
    counts = np.bincount(person)
    place = np.empty(len(person), np.int64)
    # The rank of each picture within its person, in the random order.
    place[order] = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = np.clip(np.round(share * counts).astype(np.int64), 1, counts - 1)
    return place < kept[person]


def _codes(pictures: Pictures) -> Ints:
    assert pictures.person is not None  # refused in __post_init__ otherwise
    return pictures.person
