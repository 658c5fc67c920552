"""Categories of LightGBM: a column of categories is asked by the codes that the training frame gave them.

A model that was trained on a frame of pandas keeps the categories of its columns, and asks other frames by
their places among these. An array, or a frame of another library, has no categories: LightGBM takes its
values for codes, and answers about other people without a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import ModelError

Categories = Mapping[str, Sequence[Any]]
"""Column -> its categories in the order of their codes."""


def categories_of(booster: Any) -> Categories:
    """The categories of a LightGBM booster's columns; empty where its columns are numbers, or codes already.

    Raises:
        ModelError: if it keeps categories, and does not say of which columns.
    """
    kept: list[list[Any]] = list(getattr(booster, "pandas_categorical", None) or [])
    if not kept:
        return {}
    header = booster.model_to_string(num_iteration=1)
    found = re.search(r"^feature_infos=(.*)$", header, flags=re.MULTILINE)
    # A column of numbers shows by its range in brackets, one of categories by its codes between colons.
    infos = found[1].split(" ") if found else []
    which = [
        name
        for name, info in zip(booster.feature_name(), infos, strict=False)
        if re.fullmatch(r"-?\d+(:-?\d+)*", info)
    ]
    if len(which) != len(kept):
        raise ModelError(
            f"the LightGBM model keeps the categories of {len(kept)} columns, and {len(which)} of its "
            "columns show that they are categories: give a function predict(X) that makes its training frame."
        )
    return dict(zip(which, kept, strict=True))


def coded(frame: pl.DataFrame, categories: Categories, *, name: str) -> Floats:
    """The records as numbers, with categories by their codes; a value that is none is missing.

    Raises:
        ModelError: if the values of a column are of another kind than its categories, so that none fits.
    """
    columns: list[Floats] = []
    for column in frame.columns:
        values = frame[column]
        if column not in categories:
            columns.append(values.cast(pl.Float64).to_numpy())
            continue
        places = {_plain(category): float(place) for place, category in enumerate(categories[column])}
        listed = values.to_list()
        codes = np.array([places.get(_plain(value), np.nan) for value in listed])
        if np.isnan(codes).all() and any(value is not None for value in listed):
            raise ModelError(
                f"{name} knows the categories {', '.join(map(str, list(places)[:4]))} of {column}, and no "
                "record has one of them: give the column as the model was trained on it."
            )
        columns.append(codes)
    return np.column_stack(columns)


def _plain(value: Any) -> Any:
    """A category as it is looked up: whole numbers are the same in every type, and text is text."""
    if isinstance(value, bool | str) or value is None:
        return str(value) if isinstance(value, str) else value
    try:
        return int(value) if float(value).is_integer() else float(value)
    except (TypeError, ValueError):
        return str(value)
