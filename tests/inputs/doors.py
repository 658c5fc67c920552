"""The readers of ratings, traces and likes under one way of calling them, for tests that hold for several."""

from __future__ import annotations

from typing import Any

from confide.inputs.likes import Likes, LikesData, read_likes
from confide.inputs.ratings import Ratings, RatingsData, read_ratings
from confide.inputs.traces import Traces, TracesData, read_traces


def ratings(records: Any, *, released: Any = None, key: Any = None, **columns: str) -> RatingsData:
    """Ratings with these columns."""
    return read_ratings(Ratings(records, released=released, key=key, **columns))  # pyright: ignore


def traces(
    records: Any, *, released: Any = None, key: Any = None, cell: str = "500m", **columns: str
) -> TracesData:
    """Traces with these columns, in bins of an hour."""
    return read_traces(Traces(records, released=released, key=key, cell=cell, bin="1h", **columns))  # pyright: ignore


def likes(records: Any, traits: Any, **columns: str) -> LikesData:
    """Likes and traits with these columns, for two parts of a cross-validation."""
    return read_likes(Likes(records, traits=traits, folds=2, **columns))  # pyright: ignore
