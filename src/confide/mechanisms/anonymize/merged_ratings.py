"""Merging of ratings into classes, such as liked and not liked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRatings:
    """Replaces every rating by the value of its class.

    A rating between two classes goes to the nearer one, of two equally near ones to the first. The rated
    items stay, and they alone often single a person out. So there is no promise.

    Args:
        classes: lowest rating, highest rating and value of each class.

    Raises:
        PromiseError: without a class, or where one ends before it begins.

    >>> seen = Interactions.of(np.array([0, 0]), np.array([0, 1]), rating=np.array([3.0, 4.0]))
    >>> MergedRatings(classes=((1, 3, 0), (4, 5, 1)))(seen, rng=None).view.rating.tolist()
    [0.0, 1.0]
    """

    classes: tuple[tuple[float, float, float], ...]

    def __post_init__(self) -> None:
        if not self.classes:
            raise PromiseError("there is no class: give one or more, such as 1..3=0.")
        for low, high, _ in self.classes:
            if not low <= high:
                raise PromiseError(
                    f"a class cannot go from {low:g} to {high:g}: give the lower rating first."
                )

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Interactions, *, rng: Rng | None) -> Release[Interactions]:
        return Release(self.recoded(data), None, "MergedRatings")

    def recoded(self, data: Interactions) -> Interactions:
        """The same interactions with their ratings merged."""
        if data.rating is None:
            return data
        low, high, value = np.array(self.classes, np.float64).T
        # By distinct rating: there are few of them, and many rows.
        rating, at = np.unique(data.rating.astype(np.float64), return_inverse=True)
        away = np.maximum(np.maximum(low - rating[:, None], rating[:, None] - high), 0)
        return replace(data, rating=value[away.argmin(axis=1)][at].astype(np.float32))

    def claims(self, view: Interactions) -> tuple[Claim, ...]:
        """Every rating is the value of a class."""
        if view.rating is None:
            return ()
        values = np.array([value for *_, value in self.classes], np.float32)
        holds = bool(np.isin(np.unique(view.rating), values).all())
        return (Claim(f"every rating is one of {len(set(values.tolist()))} values", holds),)
