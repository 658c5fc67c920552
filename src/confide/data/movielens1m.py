"""MovieLens 1M, who rated which film: pairs alone, without stars and times; and people's own traits."""

from __future__ import annotations

import polars as pl

from confide.core.arrays import Rng
from confide.data.card import Card
from confide.data.liked import interactions, traits_like
from confide.data.locating import File, locate
from confide.views.interactions import Interactions

PAIRS = File(path="likes/ml1m_watched.parquet")
USERS = File(path="likes/ml1m_users.parquet")
FILMS = File(path="likes/ml1m_movies.parquet")
PEOPLE, ITEMS, COUNT = 6_040, 3_706, 1_000_209
CARD = Card(
    name="movielens1m",
    title="MovieLens 1M, who rated what (no stars, no times)",
    people="users of the film recommender MovieLens who joined in 2000, with 20 ratings or more",
    records=PEOPLE,
    shape=(),
    features="1,000,209 pairs of a person and a film that he rated; neither how nor when",
    task="the traits that people gave when they joined: gender, age band, occupation",
    classes=("M", "F"),
    terms="research only; no redistribution, no revenue-bearing use without permission",
    redistribution=False,
    source="https://grouplens.org/datasets/movielens/1m/",
    get="Get ml-1m.zip from https://grouplens.org/datasets/movielens/1m/; of its ratings only the pairs are "
    "read here, from a table of user_id and movie_id.",
    harm="what one watched tells of sex, age, faith, politics and sexuality",
    citation="Harper, Konstan: The MovieLens Datasets: History and Context, ACM TiiS 2015",
    note="The stars and the times of the published set were not to be had: this is not the whole of it.",
)


def frame() -> pl.DataFrame:
    """The pairs: user_id, movie_id.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(PAIRS, get=CARD.get), columns=["user_id", "movie_id"])


def people() -> pl.DataFrame:
    """user_id, gender, age_code (the lower end of the band; 1 is under 18), occupation_code; row i is person
    i.

    Raises:
        DataError: if the file is not here.
    """
    table = pl.read_parquet(locate(USERS, get=CARD.get))
    return table.select("user_id", "gender", "age_code", "occupation_code").sort("user_id")


def films() -> pl.DataFrame:
    """movie_id, title, genres; of more films than anybody rated.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(FILMS, get=CARD.get)).sort("movie_id")


def load() -> Interactions:
    """All pairs; person i is row i of `people`, items are the films that somebody rated, by number.

    Raises:
        DataError: if the set is not here, or its file holds something else.
    """
    return interactions(frame(), people()["user_id"], card=CARD, shape=(PEOPLE, ITEMS, COUNT))


def twin(n: int, *, rng: Rng) -> tuple[Interactions, pl.DataFrame]:
    """n made-up people of this shape, and their gender.

    >>> import numpy as np
    >>> likes, who = twin(50, rng=np.random.default_rng(0))
    >>> likes.items, who["gender"].unique().sort().to_list()
    (3706, ['F', 'M'])
    """
    likes, yes = traits_like(n, items=ITEMS, each=165, share=0.283, name=CARD.name, rng=rng)
    return likes, pl.DataFrame({"user_id": range(n), "gender": ["F" if has else "M" for has in yes]})
