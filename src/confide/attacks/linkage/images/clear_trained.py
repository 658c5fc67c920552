"""McPherson, Shokri, Shmatikov: Defeating Image Obfuscation with Deep Learning (2016): the naive test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.linkage.images.recogniser import MCPHERSON, Model, Recogniser
from confide.core.arrays import Floats, Ints, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.images import Gallery
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearTrained:
    """Does a recogniser that knows clear pictures only see through the obscuring?

    It never saw an obscured picture, as a face search bought off the shelf. Obscuring is often called safe
    because this one fails; what it misses and `Recogniser` finds is the error of that test.

    Args:
        model: "linear", "kernel" or "cnn", as of `Recogniser`.
        copies: as of `Recogniser`.
        shift: as of `Recogniser`.
        mirror: as of `Recogniser`.

    Source: McPherson, Shokri, Shmatikov (2016), section 1.
    """

    name: ClassVar[str] = "clear-trained"
    title: ClassVar[str] = (
        "Does a machine that learned from clear pictures recognise people in obscured ones?"
    )
    paper: ClassVar[Paper] = MCPHERSON

    model: Model = "kernel"
    copies: int = 4
    shift: float = 0.04
    mirror: bool = True

    def __call__(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Guess:
        return self._recogniser()(case, rng=rng)

    def scores(self, case: Case[Pictures, Gallery, Ints], *, rng: Rng) -> Floats:
        """For each target a score for every person in the gallery, float64[n, people]."""
        return self._recogniser().scores(case, rng=rng)

    def _recogniser(self) -> Recogniser:
        return Recogniser(
            trained_on="clear",
            model=self.model,
            copies=self.copies,
            shift=self.shift,
            mirror=self.mirror,
        )
