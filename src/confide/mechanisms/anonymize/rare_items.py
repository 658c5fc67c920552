"""Suppression of rare items: the oldest rule of statistical disclosure control."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRareItems:
    """Removes every item that fewer than `people` people have.

    An item that few people have points at them. Removing it helps against a guess from one rare item. It
    helps little against several common ones together, because counts of single items say nothing about
    combinations. So there is no promise. People and items keep their codes; a person may be left without any
    item.

    Args:
        people: the fewest people that an item must have.

    Raises:
        PromiseError: if `people` is below 1.

    Source: Sweeney, k-anonymity: a model for protecting privacy (2002), applied to single items.

    >>> import numpy as np
    >>> likes = Interactions.of(np.array([0, 0, 1]), np.array([0, 1, 1]))
    >>> WithoutRareItems(people=2)(likes, rng=None).view.item.tolist()
    [1, 1]
    """

    people: int = 10

    def __post_init__(self) -> None:
        if self.people < 1:
            raise PromiseError(
                f"people is {self.people}, and an item that stays has at least 1 person: give 1 or more."
            )

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Interactions, *, rng: Rng | None) -> Release[Interactions]:
        common = data.raters() >= self.people
        return Release(data.rows(common[data.item]), None, "WithoutRareItems")

    def left(self, likes: Interactions, *, release: Interactions) -> Interactions:
        """Likes of some people as they stand in a release: with the items that are still there."""
        return likes.rows((release.raters() > 0)[likes.item])

    def claims(self, view: Interactions) -> tuple[Claim, ...]:
        """Every item that is left has enough people."""
        raters = view.raters()
        fewest = int(raters[raters > 0].min(initial=len(view) + self.people))
        return (Claim(f"every item has at least {self.people} people", fewest >= self.people),)
