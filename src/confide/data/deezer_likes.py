"""Deezer Europe: artists that people like, and their gender as guessed from their names."""

from __future__ import annotations

import polars as pl

from confide.core.arrays import Rng
from confide.data.card import Card
from confide.data.liked import LikesTables, traits_like
from confide.data.locating import File
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
    features="713,799 pairs of a person and a liked artist",
    task="gender, 0 or 1, which the publishers guessed from users' names and do not explain",
    classes=("0", "1"),
    terms="no licence stated; for research, cite the paper",
    redistribution=False,
    source="https://snap.stanford.edu/data/feather-deezer-social.html",
    get="Get deezer_europe.zip from https://snap.stanford.edu/data/feather-deezer-social.html, and save it "
    "as a table of user_id and artist_id, and one of user_id and gender.",
    harm="taste reveals language, origin, age and sex; a list of likes identifies a person in other data",
    citation="Rozemberczki, Sarkar: Characteristic Functions on Graphs, CIKM 2020",
    note="The published set has 28,281 users, 30,978 artists and 958,475 likes. This one has 75 % of the "
    "users, drawn at random. A guess from a name is often wrong, so no attack can be right about everybody.",
)
LIKES = LikesTables(
    card=CARD,
    pairs=PAIRS,
    users=USERS,
    columns=("user_id", "artist_id"),
    traits=("gender",),  # 0 or 1
    shape=(PEOPLE, ITEMS, COUNT),
)
frame, people, load = LIKES.frame, LIKES.people, LIKES.load


def twin(n: int, *, rng: Rng) -> tuple[Interactions, pl.DataFrame]:
    """Make n synthetic people of this shape, and their gender.

    >>> import numpy as np
    >>> likes, who = twin(50, rng=np.random.default_rng(0))
    >>> likes.items, sorted(who["gender"].unique())
    (30542, [0, 1])
    """
    likes, yes = traits_like(n, items=ITEMS, each=34, share=0.443, name=CARD.name, rng=rng)
    return likes, pl.DataFrame({"user_id": range(n), "gender": yes.astype(int)})
