"""What the sets of likes share: pairs turned into interactions, and made-up likes that go with a trait."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Rng
from confide.core.errors import DataError
from confide.data.card import Card
from confide.data.twins import population
from confide.views.interactions import Interactions

PULL = 0.5
"""How far the trait moves the log of an item's share of the likes, in standard deviations over items."""


def interactions(
    pairs: pl.DataFrame, people: pl.Series, *, card: Card, shape: tuple[int, int, int]
) -> Interactions:
    """The pairs of a user (first column) and an item (second) as codes: of users by `people`, of items by
    rank.

    Raises:
        DataError: if the people, items and pairs are not as many as `shape` says.
    """
    user, item = pairs.columns
    items = pairs[item].unique().sort()
    held = (len(people), len(items), pairs.height)
    if held != shape:
        raise DataError(f"{card.name}: the file has {held} people, items and pairs, not {shape}. {card.get}")
    return Interactions.of(
        np.searchsorted(people.to_numpy(), pairs[user].to_numpy()),
        np.searchsorted(items.to_numpy(), pairs[item].to_numpy()),
        people=len(people),
        items=len(items),
    )


def traits_like(
    n: int, *, items: int, each: float, share: float, name: str, rng: Rng
) -> tuple[Interactions, Bools]:
    """Likes of n made-up people, and bool[n], who of them has a trait.

    A person likes a lognormal number of items, `each` on average; the items' shares fall like rank to the
    power -0.8 and are moved up or down by the trait, each item's by a fixed amount of its own.
    """
    coins = population(name)
    popular = -0.8 * np.log(np.arange(items) + items / 100)
    pull = PULL * coins.normal(size=items)
    yes = np.arange(n) < max(1, round(share * n))
    yes = yes[rng.permutation(n)]
    counts = np.maximum(np.exp(rng.normal(-0.5, 1.0, n)) * each, 2).clip(max=items / 2).astype(np.int64)
    who = np.repeat(np.arange(n), counts)
    what = np.empty(len(who), np.int64)
    for has in (False, True):
        edges = np.cumsum(np.exp(popular + pull * (1.0 if has else -1.0)))
        his = yes[who] == has
        what[his] = np.searchsorted(edges, rng.random(int(his.sum())) * edges[-1], side="right")
    return Interactions.of(who, what.clip(max=items - 1), people=n, items=items), yes
