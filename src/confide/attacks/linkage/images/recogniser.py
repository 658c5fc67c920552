"""McPherson, Shokri, Shmatikov: Defeating Image Obfuscation with Deep Learning (2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from confide.attacks.linkage.images._augmentation import moved, seen
from confide.attacks.linkage.images._classifiers import Trainer, kernel, linear
from confide.attacks.linkage.images._network import network
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.images import Gallery
from confide.views.images import Pictures

Model: TypeAlias = Literal["linear", "kernel", "cnn"]
LearnsFrom: TypeAlias = Literal["released", "clear"]

MCPHERSON = Paper(
    authors="Richard McPherson and Reza Shokri and Vitaly Shmatikov",
    title="Defeating Image Obfuscation with Deep Learning",
    venue="arXiv:1609.00408",
    year=2016,
    url="https://arxiv.org/abs/1609.00408",
)
TRAINERS: dict[Model, Trainer] = {"linear": linear, "kernel": kernel, "cnn": network}
# A recogniser learns from at most this many pictures, copies among them: the kernel matrix of 8,000
# pictures takes 256 MB in float32.
MOST = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser:
    """Recognises people with a model trained on pictures that were obscured in the same way.

    The adversary has clear pictures, with names, of people who may be in the release. It obscures them with
    the publisher's own mechanism and trains a recogniser on the result. Then it asks the recogniser about
    each released picture. Nobody needs to see a face there: what tells people apart for a model need not be
    what people look at.

    The adversary claims the name with the highest score. Score: the margin over the second name ("linear",
    "cnn"), or how decisively the name wins its duels against all others ("kernel").

    Args:
        trained_on: "released" learns from obscured pictures; "clear" learns from clear ones, as a naive test
            would.
        model: "linear" discriminants, a "kernel" machine, or a small network ("cnn", which needs torch).
        copies: moved copies of each gallery picture to learn from, each obscured by itself; fewer where all
            would be more than 8,000 pictures.
        shift: the largest move of a copy, as a share of the shorter side.
        mirror: whether a copy may be mirrored.

    Source: McPherson, Shokri, Shmatikov (2016), sections 4 and 5.
    """

    name: ClassVar[str] = "recogniser"
    title: ClassVar[str] = later(
        "Does a machine that learned from obscured pictures recognise people in them?"
    )
    paper: ClassVar[Paper] = MCPHERSON

    trained_on: LearnsFrom = "released"
    model: Model = "kernel"
    copies: int = 4
    shift: float = 0.04
    mirror: bool = True

    def __call__(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Guess:
        scores = self.scores(case, rng=rng)
        best = scores.max(axis=1)
        # A kernel score counts duels won, so the margin over the second is nearly always one duel.
        sure = best if self.model == "kernel" else best - np.sort(scores, axis=1)[:, -2]
        return Guess(scores.argmax(axis=1), sure)

    def scores(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Floats:
        """For each target a score for every person in the gallery, float64[n, people].

        Raises:
            KnowledgeError: if the gallery holds fewer than two people, or torch is missing.
        """
        gallery = case.known
        if gallery.people < 2:
            raise KnowledgeError(
                keep(
                    "{attack} needs pictures of 2 people to tell apart and has them of {people}: give more "
                    "people.",
                    attack=self.name,
                    people=gallery.people,
                )
            )
        examples, learning = rng.spawn(2)
        learned = self._examples(gallery, rng=examples)
        people = np.zeros(0, np.int64) if learned.person is None else learned.person
        scores = TRAINERS[self.model](seen(learned.pixels), people, rng=learning)
        return scores(seen(case.view.pixels[case.targets]))

    def _examples(self, gallery: Gallery, *, rng: Rng) -> Pictures:
        choose, move, obscure = rng.spawn(3)
        clear = gallery.clear
        if len(clear) > MOST:
            clear = clear.take(_some_of_each(clear, MOST, rng=choose))
        copies = max(1, min(self.copies, MOST // len(clear)))
        learned = moved(clear, copies=copies, shift=self.shift, mirror=self.mirror, rng=move)
        return learned if self.trained_on == "clear" else gallery.mechanism(learned, rng=obscure).view


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearTrained(Recogniser):
    """Recognises people with a model that has only seen clear pictures: the preset `trained_on="clear"`.

    The model has never seen an obscured picture, like a face search that is bought off the shelf. Obscuring
    is often called safe because this attack fails. What it misses and `Recogniser` finds is the error of
    that test.

    Args:
        trained_on: what the model learns from.
        model: "linear", "kernel" or "cnn", as of `Recogniser`.
        copies: moved copies of each gallery picture.
        shift: the largest move of a copy, as a share of the shorter side.
        mirror: whether a copy may be mirrored.

    Source: McPherson, Shokri, Shmatikov (2016), section 1.
    """

    name: ClassVar[str] = "clear-trained"
    title: ClassVar[str] = later(
        "Does a machine that learned from clear pictures recognise people in obscured ones?"
    )

    trained_on: LearnsFrom = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCNN(Recogniser):
    """Recognises people with a small convolutional network: the preset `model="cnn"`.

    The network has three convolutions and two layers on top. With many pictures of a person it learns what
    the other models cannot. With ten pictures of each person the other models are as good, and cheaper.

    Args:
        trained_on: what the model learns from.
        model: "linear", "kernel" or "cnn", as of `Recogniser`.
        copies: moved copies of each gallery picture; a network needs more of them than other models.
        shift: the largest move of a copy, as a share of the shorter side.
        mirror: whether a copy may be mirrored.

    Source: McPherson, Shokri, Shmatikov (2016), section 5: their network for small grey faces, narrower.
    """

    name: ClassVar[str] = "small-cnn"
    title: ClassVar[str] = later("Does a small neural network recognise people in obscured pictures?")

    model: Model = "cnn"
    copies: int = 8


def _some_of_each(pictures: Pictures, most: int, *, rng: Rng) -> Ints:
    """`most` pictures in all: each person's first ones in a random order, so that rare people keep theirs."""
    assert pictures.person is not None  # a gallery without names is refused where it is made
    person = pictures.person
    order = np.lexsort((rng.random(len(person)), person))
    counts = np.bincount(person)
    place = np.empty(len(person), np.int64)
    place[order] = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(np.lexsort((person, place))[:most])
