"""Real data sets, one file each: a card, a loader, and a synthetic twin.

>>> [card.name for card in cards()][:3]
['location30', 'purchase100', 'texas100']
"""

from __future__ import annotations

from typing import Protocol

from confide.core.arrays import Rng
from confide.data import (
    adult,
    att_faces,
    cabspotting,
    cifar10,
    cifar100,
    common_task,
    deezer600,
    deezer_likes,
    diabetes130,
    digits,
    fair,
    genomes1000,
    gowalla_nyc,
    lfw62,
    location30,
    mnist,
    movielens1m,
    movielens100k,
    purchase100,
    texas100,
)
from confide.data.card import Card
from confide.views.records import Records


class DataSet(Protocol):
    """The module of a data set of records."""

    @property
    def CARD(self) -> Card:  # noqa: N802 - a constant of the module
        """The description of the data set."""
        ...

    def load(self) -> Records:
        """Load the records from this machine or from their publisher."""
        ...

    def twin(self, n: int, *, rng: Rng) -> Records:
        """Make n synthetic records of the same shape and type."""
        ...


ALL: tuple[DataSet, ...] = (
    location30,
    purchase100,
    texas100,
    deezer600,
    common_task,
    cifar10,
    cifar100,
    mnist,
    adult,
    diabetes130,
    fair,
    digits,
)


PEOPLE: tuple[Card, ...] = (
    movielens100k.CARD,
    movielens1m.CARD,
    deezer_likes.CARD,
    gowalla_nyc.CARD,
    cabspotting.CARD,
    att_faces.CARD,
    lfw62.CARD,
    genomes1000.CARD,
)
"""The cards of the sets of ratings, likes, traces, images and genotypes; their loaders return these types."""


def cards() -> tuple[Card, ...]:
    """The card of each data set of records."""
    return tuple(each.CARD for each in ALL)
