"""Suppression of rare places: visits to places with few visitors are removed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRarePlaces:
    """Removes every visit to a place that fewer than `people` people have visited.

    A home is such a place. But places and times together single people out, and a popular place at a rare
    hour stays. So there is no promise. People and places keep their codes; a person may be left without any
    visit.

    Args:
        people: the fewest visitors that a place must have.

    Raises:
        PromiseError: if `people` is below 1.

    Source: Sweeney, k-anonymity: a model for protecting privacy (2002), applied to single places.

    >>> seen = Traces.of(np.array([0, 0, 1]), np.array([1, 2, 3]), np.array([0, 1, 1]))
    >>> WithoutRarePlaces(people=2)(seen, rng=None).view.place.tolist()
    [1, 1]
    """

    people: int = 5

    def __post_init__(self) -> None:
        if self.people < 1:
            raise PromiseError(
                f"people is {self.people}, and a place that stays has at least 1 visitor: give 1 or more."
            )

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng | None) -> Release[Traces]:
        common = visitors(data) >= self.people
        return Release(data.rows(common[data.place]), None, "WithoutRarePlaces")

    def claims(self, view: Traces) -> tuple[Claim, ...]:
        """Every place that is left has enough visitors."""
        found = visitors(view)
        # After a split a person has several user ids, and the release alone does not say which.
        text = f"every place is visited under at least {self.people} user ids"
        return (Claim(text, bool(np.all(found[found > 0] >= self.people))),)

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """Those visits whose place is still in the release."""
        there = np.zeros(release.places, np.bool_)
        there[release.place] = True
        return visits.rows(there[visits.place])


def visitors(data: Traces) -> Ints:
    """The number of people who visited each place, int64[p]."""
    # Each person counts once for a place, however often they were there.
    pairs = np.unique(data.person.astype(np.int64) * max(data.places, 1) + data.place)
    return np.bincount(pairs % max(data.places, 1), minlength=data.places).astype(np.int64)
