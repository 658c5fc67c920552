"""Background knowledge for attribute inference from likes: a panel of people whose trait is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
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

    def released(self, *, rng: Rng) -> Interactions:
        """The panel's likes as the release would show them: the adversary applies the mechanism itself.

        A model that learned from these meets the targets' likes in the same form.
        """
        return self.mechanism(self.items, rng=rng).view

    def need_both(self, attack: str) -> None:
        """Refuse a panel from which nothing can be learned.

        Raises:
            KnowledgeError: if it is empty, or all have the same trait.
        """
        # A regression on one class would stop with scikit-learn's own message.
        if not len(self.value) or (self.value == self.value[0]).all():
            raise KnowledgeError(
                f"{attack} learns from people who differ in the trait, and the panel's {len(self.value)} do "
                "not: give more people."
            )


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
