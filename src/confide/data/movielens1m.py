"""MovieLens 1M: pairs of people and rated films, without stars and times, and traits of the people."""

from __future__ import annotations

import polars as pl

from confide.core.arrays import Rng
from confide.data.card import Card
from confide.data.liked import LikesTables, traits_like
from confide.data.locating import File, locate
from confide.views.interactions import Interactions

PAIRS = File(path="likes/ml1m_watched.parquet")
USERS = File(path="likes/ml1m_users.parquet")
FILMS = File(path="likes/ml1m_movies.parquet")
PEOPLE, ITEMS, COUNT = 6_040, 3_706, 1_000_209
CARD = Card(
    name="movielens1m",
    title="MovieLens 1M, pairs of people and films (no stars, no times)",
    people="users of the film recommender MovieLens who joined in 2000, with 20 ratings or more",
    records=PEOPLE,
    shape=(),
    features="1,000,209 pairs of a person and a rated film, without stars and times",
    task="the traits that people stated when they joined: gender, age band, occupation",
    classes=("M", "F"),
    terms="research only; no redistribution, no revenue-bearing use without permission",
    redistribution=False,
    source="https://grouplens.org/datasets/movielens/1m/",
    get="Get ml-1m.zip from https://grouplens.org/datasets/movielens/1m/; of its ratings only the pairs are "
    "read here, from a table of user_id and movie_id.",
    harm="the films that people watched reveal sex, age, faith, politics and sexuality",
    citation="Harper, Konstan: The MovieLens Datasets: History and Context, ACM TiiS 2015",
    note="The stars and the times of the published set were not available: this is only a part of it.",
)
LIKES = LikesTables(
    card=CARD,
    pairs=PAIRS,
    users=USERS,
    columns=("user_id", "movie_id"),
    traits=("gender", "age_code", "occupation_code"),  # age_code is the lowest age of a band; 1 is under 18
    shape=(PEOPLE, ITEMS, COUNT),
)
frame, people, load = LIKES.frame, LIKES.people, LIKES.load


def films() -> pl.DataFrame:
    """Load movie_id, title and genres; it holds more films than were rated.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(FILMS, get=CARD.get)).sort("movie_id")


def twin(n: int, *, rng: Rng) -> tuple[Interactions, pl.DataFrame]:
    """Make n synthetic people of this shape, and their gender.

    >>> import numpy as np
    >>> likes, who = twin(50, rng=np.random.default_rng(0))
    >>> likes.items, who["gender"].unique().sort().to_list()
    (3706, ['F', 'M'])
    """
    likes, yes = traits_like(n, items=ITEMS, each=165, share=0.283, name=CARD.name, rng=rng)
    return likes, pl.DataFrame({"user_id": range(n), "gender": ["F" if has else "M" for has in yes]})
