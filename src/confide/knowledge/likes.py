"""Background knowledge for attribute inference from likes: a panel of people whose trait is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.interactions import Interactions

Kind: TypeAlias = Literal["binary", "classes", "number"]
"""A yes/no trait (1 and 0); one of several classes (0..C-1); a number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Panel: p people whose likes and trait the adversary knows, such as volunteers in a study.

    Args:
        items: their unprotected likes; p people, and the item codes of the release.
        value: float64[p], their trait: 1 or 0, a class 0..classes-1, or a number.
        kind: which of the three.
        classes: C, the number of classes; 2 unless `kind` is "classes".
        mechanism: protected the released likes (Kerckhoffs' principle).
    """

    items: Interactions
    value: Floats
    kind: Kind
    classes: int
    mechanism: Mechanism[Interactions]

    def released(self, release: Interactions, *, rng: Rng) -> Interactions:
        """The panel's likes as they would stand in this release: the adversary applies the mechanism itself.

        A model that learned from these meets the targets' likes in the same form.
        """
        steps = self.mechanism.steps if isinstance(self.mechanism, Steps) else (self.mechanism,)
        likes = self.items
        for step, child in zip(steps, rng.spawn(len(steps)), strict=True):
            # Of few people it would leave out more than it did of all; what it left is there to see.
            shows = isinstance(step, LeavesOut)
            likes = step.left(likes, release=release) if shows else step(likes, rng=child).view
        return likes

    def need_both(self, attack: str) -> None:
        """Refuse a panel from which nothing can be learned.

        Raises:
            KnowledgeError: if it is empty, or all have the same trait.
        """
        # A regression on one class would stop with scikit-learn's own message.
        if not len(self.value) or (self.value == self.value[0]).all():
            raise KnowledgeError(
                keep(
                    "{attack} learns from people who differ in the trait, and the panel's {people} do not: "
                    "give more people.",
                    attack=attack,
                    people=len(self.value),
                )
            )


@runtime_checkable
class LeavesOut(Protocol):
    """A mechanism that leaves out items by what everybody has, so that its release says which."""

    def left(self, likes: Interactions, *, release: Interactions) -> Interactions:
        """These likes without the items that are not in the release."""
        ...


@runtime_checkable
class Steps(Protocol):
    """A composition of mechanisms, applied one after the other."""

    @property
    def steps(self) -> tuple[Mechanism[Interactions], ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """The n claims that the adversary has to judge.

    Args:
        row: int64[n], the person's row of the release.
        value: int64[n], the class that the claim ascribes to the person; 1 for a yes/no trait ("they have
            it") and for a number ("theirs is above the median").
    """

    row: Ints
    value: Ints

    def __len__(self) -> int:
        return len(self.row)
