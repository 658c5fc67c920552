"""McPherson, Shokri, Shmatikov: Defeating Image Obfuscation with Deep Learning (2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from confide.attacks.linkage.images._augmentation import moved, seen
from confide.attacks.linkage.images._classifiers import Trainer, kernel, linear
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
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
MOST = 8_000
"""A recogniser learns from so many pictures at most, copies among them: a kernel of 256 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser:
    """Can people be recognised by a machine that learned from pictures obscured the same way?

    The adversary has clear pictures, with names, of people who may be in the release. He obscures them just
    as the publisher did, trains a recogniser on the result, and asks it about each released picture. No eye
    needs to see anything in there: what tells faces apart need not be what people look at. He claims the
    name with the highest score, and is the surer of it the further it leads: by the margin over the second
    name (linear, cnn), or by how decisively it wins its duels (kernel).

    Args:
        trained_on: "released" learns from obscured pictures, "clear" from clear ones, as a naive test would.
        model: "linear" discriminants, a "kernel" machine, or a small network ("cnn", needs torch).
        copies: learn from so many moved copies of each gallery picture, obscured each by itself; fewer where
            that would be more than 8,000.
        shift: move a copy at most this share of the shorter side.
        mirror: may a copy be mirrored?

    Source: McPherson, Shokri, Shmatikov (2016), sections 4 and 5.
    """

    name: ClassVar[str] = "recogniser"
    title: ClassVar[str] = "Does a machine that learned from obscured pictures recognise people in them?"
    paper: ClassVar[Paper] = MCPHERSON

    trained_on: LearnsFrom = "released"
    model: Model = "kernel"
    copies: int = 4
    shift: float = 0.04
    mirror: bool = True

    def __call__(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Guess:
        scores = self.scores(case, rng=rng)
        best = scores.max(axis=1)
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
                f"{self.name} needs pictures of 2 people to tell apart and has them of {gallery.people}: "
                "give more people."
            )
        trainer, examples, learning = self._trainer(), *rng.spawn(2)
        learned = self._examples(gallery, rng=examples)
        people = np.zeros(0, np.int64) if learned.person is None else learned.person
        return trainer(seen(learned.pixels), people, rng=learning)(seen(case.view.pixels[case.targets]))

    def _trainer(self) -> Trainer:
        if self.model != "cnn":
            return {"linear": linear, "kernel": kernel}[self.model]
        from confide.attacks.linkage.images.small_cnn import network

        return network

    def _examples(self, gallery: Gallery, *, rng: Rng) -> Pictures:
        choose, move, obscure = rng.spawn(3)
        clear = gallery.clear
        if len(clear) > MOST:
            clear = clear.take(_some_of_each(clear, MOST, rng=choose))
        copies = max(1, min(self.copies, MOST // len(clear)))
        learned = moved(clear, copies=copies, shift=self.shift, mirror=self.mirror, rng=move)
        return learned if self.trained_on == "clear" else gallery.mechanism(learned, rng=obscure).view


def _some_of_each(pictures: Pictures, most: int, *, rng: Rng) -> Ints:
    """The first pictures of everybody in a random order, `most` in all: rare people keep what they have."""
    assert pictures.person is not None
    person = pictures.person
    order = np.lexsort((rng.random(len(person)), person))
    counts = np.bincount(person)
    place = np.empty(len(person), np.int64)
    place[order] = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(np.lexsort((person, place))[:most])
