"""At most a public number of rows of each person, kept at random before anything is counted."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.statistics.bounded_rows import kept_rows


@dataclass(frozen=True, slots=True, eq=False)
class Trimmed:
    """Rows with at most a number of each person's.

    Args:
        frame: the rows that were kept, in their order.
        people: int64[n], the number of the person whose row each is.
        left_out: how many rows were not kept. It is a function of the exact data: for their owner alone.
    """

    frame: pl.DataFrame
    people: Ints
    left_out: int


def trimmed(frame: pl.DataFrame, person: str, at_most: int, *, noise: Noise, rng: Rng) -> Trimmed:
    """Keep at most this many rows of each person, at random (`kept_rows`, whose statement it is).

    Args:
        frame: the rows.
        person: the column that says whose each row is.
        at_most: 1 or more, and public.
        noise: where the choice comes from.
        rng: of a rehearsal.

    Raises:
        DataError: if the column is not there, or rows are nobody's.

    >>> import numpy as np
    >>> visits = pl.DataFrame({"id": ["a", "a", "b"], "day": [1, 2, 3]})
    >>> made = trimmed(visits, "id", 1, noise="rehearsal", rng=np.random.default_rng(0))
    >>> made.frame["id"].to_list(), made.left_out
    (['a', 'b'], 1)
    """
    if person not in frame.columns:
        raise DataError(
            f"there is no column {person!r:.60} of people: it has {', '.join(frame.columns)[:200]}."
        )
    if at_most < 1:
        raise DataError(f"at_most is {at_most}: give 1 row of a person or more.")
    if empty := frame[person].null_count():
        raise DataError(f"{empty:,} rows have no {person}: say whose they are, or leave them out.")
    people = frame[person].rank("dense").cast(pl.Int64).to_numpy() - 1
    kept = kept_rows(people, at_most, words_of(noise, rng))
    return Trimmed(frame.filter(pl.Series(kept)), people[kept], int((~kept).sum()))
