"""The panel: people whose likes and trait the adversary knows, and from whom he learns what likes tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.nouns import Release
from confide.views.interactions import Interactions

Kind: TypeAlias = Literal["binary", "classes", "number"]
"""He has it or not (1 and 0); one of several classes (0..C-1); a number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """What the adversary knows of p people who told him their trait, as volunteers in a study do.

    Args:
        items: their likes, as they are; p people, and the item codes of the release.
        value: float64[p], their trait: 1 or 0, a class 0..classes-1, or a number.
        kind: which of the three.
        classes: C, how many classes there are; 2 unless `kind` is "classes".
        mechanism: what the likes go through before they are released, by Kerckhoffs' rule.
    """

    items: Interactions
    value: Floats
    kind: Kind
    classes: int
    mechanism: Callable[..., Release[Interactions]]

    def released(self, *, rng: Rng) -> Interactions:
        """His people's likes as the release would show them: he puts them through the mechanism himself.

        Learned from these, his model meets the targets' likes as they come.
        """
        return self.mechanism(self.items, rng=rng).view

    def need_both(self, attack: str) -> None:
        """Refuse a panel from which nothing can be learned.

        Raises:
            KnowledgeError: if nobody is in it, or all have the same trait.
        """
        if not len(self.value) or (self.value == self.value[0]).all():
            raise KnowledgeError(
                f"{attack} learns from people who differ in the trait, and the panel's {len(self.value)} do "
                "not: give more people."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """The claims that the adversary is to judge: n of them.

    Args:
        row: int64[n], the row of the release that is the person's.
        value: int64[n], the class that the claim ascribes to him; 1 for a yes/no trait ("he has it") and for
            a number ("his lies above the middle").
    """

    row: Ints
    value: Ints

    def __len__(self) -> int:
        return len(self.row)
