"""Cases: attacks that recognise people in obscured pictures."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByHits, Lacks, Sitting, rng

from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.core.evidence import Evidence
from confide.core.nouns import Case, World
from confide.games.linkage.images import ImageRecognition
from confide.knowledge.images import Gallery
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedImages
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.views.images import Pictures

STILL = {"copies": 2, "mirror": False}  # a pattern that is mirrored is another pattern


def people(count: int = 10, each: int = 6) -> Pictures:
    """A pattern for each person, and noise."""
    pattern, person = rng().integers(60, 190, (count, 9, 8)), np.arange(count * each) % count
    noisy = pattern[person] + rng().normal(0, 25, (count * each, 9, 8))
    return Pictures(np.clip(noisy, 0, 255).astype(np.uint8), person)


def game(mechanism: Any, *, count: int = 10, each: int = 6, **settings: Any) -> ImageRecognition:
    return ImageRecognition(mechanism=mechanism, pictures=people(count, each), **{"gallery": 0.5} | settings)


@dataclasses.dataclass(frozen=True)
class ShuffledGallery:
    """The same game, in which the gallery's pictures carry each other's names."""

    game: ImageRecognition

    @property
    def unit(self) -> Any:
        return self.game.unit

    @property
    def randomised(self) -> bool:
        return self.game.randomised

    def deal(self, world: int, *, rng: np.random.Generator) -> World[Any, Any, Any, Any]:
        dealt = self.game.deal(world, rng=rng)
        clear = dealt.case.known.clear
        names = np.random.default_rng(world).permutation(clear.person)
        known = Gallery(Pictures(clear.pixels, names), dealt.case.known.mechanism)
        return dataclasses.replace(dealt, case=dataclasses.replace(dealt.case, known=known))

    def hits(self, guess: Any, secrets: Any) -> Any:
        return self.game.hits(guess, secrets)


def with_shuffled_gallery(attack: Any, evidence: Evidence) -> Evidence:
    return Sitting(lambda: ShuffledGallery(game(Published())), 3).play(attack)


@dataclasses.dataclass(frozen=True)
class OnePerson:
    """A world with three pictures of one person: there is nobody to tell apart."""

    unit: Any = None
    randomised: bool = False

    def deal(self, world: int, *, rng: np.random.Generator) -> World[Any, Any, Any, Any]:
        alone = Pictures(np.zeros((3, 8, 8), np.uint8), np.zeros(3, np.int64))
        case = Case(alone.nameless(), Gallery(alone, Published()), np.arange(3))
        return World(case, np.zeros(3, np.int64), np.ones(3, np.bool_))


def case(attack: Any, label: str) -> AttackCase:
    return AttackCase(
        attack=attack,
        label=label,
        silent=Sitting(partial(game, UnrelatedImages()), 4),
        naked=Sitting(partial(game, Published(), gallery=0.7, closed=True), 2),
        reaches=0.75,
        leaky=Sitting(partial(game, Published(), gallery=0.7), 3),
        null=with_shuffled_gallery,
        small=Sitting(partial(game, Mosaic(side=2), count=4, each=4), 2),
        judge=ByHits(among=5, once_in=1e4),
        lacks=(Lacks(OnePerson, "needs pictures of 2 people"),),
    )


CASES = (
    case(Recogniser(), "kernel"),
    case(Recogniser(model="linear", **STILL), "linear"),
    case(ClearTrained(**STILL), "still"),
    case(SmallCNN(**STILL), "still"),
)
