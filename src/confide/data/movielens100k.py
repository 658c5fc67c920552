"""MovieLens 100K: film ratings with stars and times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.data.ratings_like import ratings_like
from confide.views.interactions import Interactions

PACKED = File(path="ratings/ml100k_ratings.parquet")
ORIGINAL = File(path="ratings/u.data")
USERS = File(path="ratings/ml100k_users.parquet")
ITEMS = File(path="ratings/ml100k_items.parquet")
COLUMNS = ("user_id", "item_id", "rating", "timestamp")
PEOPLE, FILMS, RATINGS = 943, 1_682, 100_000
CARD = Card(
    name="movielens100k",
    title="MovieLens 100K",
    people="users of the film recommender MovieLens, September 1997 to April 1998, with 20 ratings or more",
    records=PEOPLE,
    shape=(),
    features="100,000 ratings of 1,682 films, 1 to 5 stars, with the second of the rating",
    task="recommendation; here: which person gave these ratings?",
    classes=(),
    terms="research only; no redistribution, no revenue-bearing use without permission",
    redistribution=False,
    source="https://grouplens.org/datasets/movielens/100k/",
    get="Get ml-100k.zip from https://grouplens.org/datasets/movielens/100k/ and take u.data from it.",
    harm="the films that people watched and liked reveal faith, politics and sexuality",
    citation="Harper, Konstan: The MovieLens Datasets: History and Context, ACM TiiS 2015",
)


def frame() -> pl.DataFrame:
    """Load the ratings as published: user_id, item_id, rating, timestamp (seconds since 1970).

    Raises:
        DataError: if the set is not here, or its file has other columns or another length.
    """
    path = locate(PACKED, ORIGINAL, get=CARD.get)
    table = _original(path) if path.name == "u.data" else pl.read_parquet(path)
    # Benchmarks compare with published numbers, which are of this table and no other.
    if table.columns != list(COLUMNS) or table.height != RATINGS:
        raise DataError(
            f"{CARD.name}: {path} has {table.height} rows of {', '.join(table.columns)}, not {RATINGS} of "
            f"{', '.join(COLUMNS)}. {CARD.get}"
        )
    return table


def load() -> Interactions:
    """Load all ratings; person and item are the published numbers minus 1.

    Raises:
        DataError: if the set is not here, or its file has other columns or another length.
    """
    table = frame()
    return Interactions.of(
        table["user_id"].to_numpy().astype(np.int64) - 1,
        table["item_id"].to_numpy().astype(np.int64) - 1,
        people=PEOPLE,
        items=FILMS,
        rating=table["rating"].to_numpy(),
        day=table["timestamp"].to_numpy() / 86_400,
    )


def people() -> pl.DataFrame:
    """Load age, gender, occupation and zip code; row i is person i.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(USERS, get=CARD.get)).sort("user_id")


def films() -> pl.DataFrame:
    """Load titles and genres; row i is item i.

    Raises:
        DataError: if the file is not here.
    """
    return pl.read_parquet(locate(ITEMS, get=CARD.get)).sort("item_id")


def twin(n: int, *, rng: Rng) -> Interactions:
    """Make n synthetic people of this shape: as many films, a similar spread of counts, seven months.

    >>> twin(20, rng=np.random.default_rng(0)).items
    1682
    """
    return ratings_like(people=n, items=FILMS, each=106, since=10_124.0, days=215.0, rng=rng)


def _original(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, separator="\t", has_header=False, new_columns=list(COLUMNS))
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} is not the tab-separated u.data ({error}). {CARD.get}") from error
