"""Deezer Europe: which artists people like, and their gender as guessed from their names."""

from __future__ import annotations

import polars as pl

from confide.core.arrays import Rng
from confide.data.card import Card
from confide.data.liked import interactions, traits_like
from confide.data.locating import File, locate
from confide.views.interactions import Interactions

PAIRS = File(path="likes/deezer_likes.parquet")
USERS = File(path="likes/deezer_users.parquet")
PEOPLE, ITEMS, COUNT = 21_211, 30_542, 713_799
CARD = Card(
    name="deezer_likes",
    title="Deezer Europe, likes (three quarters of the users)",
    people="users of the music service Deezer in Europe, March 2020",
    records=PEOPLE,
    shape=(),
    features="713,799 pairs of a person and an artist that he likes",
    task="gender, 0 or 1, which the publishers guessed from users' names and explain no further",
    classes=("0", "1"),
    terms="no licence stated; for research, cite the paper",
    redistribution=False,
    source="https://snap.stanford.edu/data/feather-deezer-social.html",
    get="Get deezer_europe.zip from https://snap.stanford.edu/data/feather-deezer-social.html; it has to be "
    "packed: a table of user_id and artist_id, and one of user_id and gender.",
    harm="taste betrays language, origin, age and sex; a list of likes finds a person again elsewhere",
    citation="Rozemberczki, Sarkar: Characteristic Functions on Graphs, CIKM 2020",
    note="The published set has 28,281 users, 30,978 artists and 958,475 likes; here are 75 % of the users, "
    "drawn at random. A guess from a name is often wrong, so nobody can be right about everybody.",
)


def frame() -> pl.DataFrame:
    """The pairs: user_id, artist_id.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(PAIRS, get=CARD.get), columns=["user_id", "artist_id"])


def people() -> pl.DataFrame:
    """user_id, gender (0 or 1); row i is person i.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(USERS, get=CARD.get), columns=["user_id", "gender"]).sort("user_id")


def load() -> Interactions:
    """All likes; person i is row i of `people`, items are the artists that somebody likes, by number.

    Raises:
        DataError: if the set is not here, or its file holds something else.
    """
    return interactions(frame(), people()["user_id"], card=CARD, shape=(PEOPLE, ITEMS, COUNT))


def twin(n: int, *, rng: Rng) -> tuple[Interactions, pl.DataFrame]:
    """n made-up people of this shape, and their gender.

    >>> import numpy as np
    >>> likes, who = twin(50, rng=np.random.default_rng(0))
    >>> likes.items, sorted(who["gender"].unique())
    (30542, [0, 1])
    """
    likes, yes = traits_like(n, items=ITEMS, each=34, share=0.443, name=CARD.name, rng=rng)
    return likes, pl.DataFrame({"user_id": range(n), "gender": yes.astype(int)})
