"""Loading of sets of likes, and synthetic likes that depend on a trait."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Rng
from confide.core.errors import DataError
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.data.twins import population
from confide.views.interactions import Interactions

# The effect of the trait on the log of an item's share of the likes, in standard deviations over items: an
# attack can learn it, and stays far from certain.
PULL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LikesTables:
    """A set of likes in two parquet tables: pairs of a user and an item, and traits of the users.

    Args:
        card: its card.
        pairs, users: the two files.
        columns: the columns of the pairs: the user and the item.
        traits: the columns of the users' traits.
        shape: the numbers of people, items and pairs.
    """

    card: Card
    pairs: File
    users: File
    columns: tuple[str, str]
    traits: tuple[str, ...]
    shape: tuple[int, int, int]

    def frame(self) -> pl.DataFrame:
        """Load the pairs.

        Raises:
            DataError: if the file is not here.
        """
        return pl.read_parquet(locate(self.pairs, get=self.card.get), columns=list(self.columns))

    def people(self) -> pl.DataFrame:
        """Load the users and their traits; row i is person i.

        Raises:
            DataError: if the file is not here.
        """
        user, path = self.columns[0], locate(self.users, get=self.card.get)
        return pl.read_parquet(path, columns=[user, *self.traits]).sort(user)

    def load(self) -> Interactions:
        """Load all likes: person i is row i of `people`, and items are numbered in the order of their ids.

        Raises:
            DataError: if a file is not here, or does not hold the numbers of people, items and pairs.
        """
        users = self.people()[self.columns[0]]
        return interactions(self.frame(), users, card=self.card, shape=self.shape)


def interactions(
    pairs: pl.DataFrame, people: pl.Series, *, card: Card, shape: tuple[int, int, int]
) -> Interactions:
    """Convert pairs of a user (first column) and an item (second) to codes.

    Users are numbered by `people`, and items in the order of their ids.

    Raises:
        DataError: if the numbers of people, items and pairs differ from `shape`.
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
    """Make likes of n synthetic people, and bool[n], whether each has a trait.

    A person likes a lognormal number of items, `each` on average. The items' shares fall like rank to the
    power -0.8. The trait moves each item's share up or down by a fixed amount.
    """
    fixed = population(name)
    popular = -0.8 * np.log(np.arange(items) + items / 100)  # the offset keeps the first items comparable
    pull = PULL * fixed.normal(size=items)
    # At least one person has the trait, or there would be nothing to learn.
    yes = np.arange(n) < max(1, round(share * n))
    yes = yes[rng.permutation(n)]
    counts = np.maximum(np.exp(rng.normal(-0.5, 1.0, n)) * each, 2).clip(max=items / 2).astype(np.int64)
    who = np.repeat(np.arange(n), counts)
    what = np.empty(len(who), np.int64)
    for has in (False, True):
        # Inverse sampling: a uniform number falls between two cumulated shares.
        edges = np.cumsum(np.exp(popular + pull * (1.0 if has else -1.0)))
        theirs = yes[who] == has
        what[theirs] = np.searchsorted(edges, rng.random(int(theirs.sum())) * edges[-1], side="right")
    return Interactions.of(who, what.clip(max=items - 1), people=n, items=items), yes
