"""Rows of a released file behind the interactions that were read from it, for messages that name rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.inputs.keys import as_ids, key_pairs
from confide.inputs.reading import Reading
from confide.inputs.tables import Tabular, read_table
from confide.views.interactions import Interactions


def rows_behind(
    released: Interactions,
    table: Tabular,
    *,
    user: str,
    item: str,
    people: pl.Series,
    items: pl.Series,
    key: Tabular | None,
    reading: Reading,
) -> Ints:
    """The row of the file behind each released interaction, int64[k], from 0; of repeated ones the last.

    Args:
        released: as it was read.
        table: the released file, which is read again: only a message needs its rows.
        user, item: its columns.
        people, items: what the codes stand for.
        key: who is who, where the file has ids of its own.
        reading: what the user says about the file.
    """
    frame = read_table(table, name="the released file", reading=reading, ids=(user, item)).frame
    ids = as_ids(frame[user])
    if key is not None:
        pairs, _ = key_pairs(key, split=False)
        joined = ids.to_frame("released").join(pairs, on="released", how="left", maintain_order="left")
        ids = joined["original"]
    pair = _codes(ids, as_ids(people)) * released.items + _codes(as_ids(frame[item]), as_ids(items))
    order = np.argsort(pair, kind="stable")
    wanted = released.person.astype(np.int64) * released.items + released.item
    return order[np.searchsorted(pair[order], wanted, side="right") - 1]


def _codes(values: pl.Series, labels: pl.Series) -> Ints:
    """The position of each value among the labels, int64; far below 0 where it is none."""
    known = labels.to_frame("value").with_row_index("code")
    found = values.to_frame("value").join(known, on="value", how="left", maintain_order="left")["code"]
    # So far that no sum with another code is one of a pair that exists.
    return found.cast(pl.Int64).fill_null(-(2**40)).to_numpy()
