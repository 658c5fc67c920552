"""The publisher's split of a data set into training and test records."""

from __future__ import annotations

from typing import Literal, TypeAlias

from confide.core.arrays import Bools
from confide.core.errors import DataError

Split: TypeAlias = Literal["all", "train", "test"]


def in_split(in_train: Bools, split: Split) -> Bools:
    """Whether each record is in this part, bool[n].

    Raises:
        DataError: if there is no such part.
    """
    match split:
        case "all":
            return in_train | True
        case "train":
            return in_train
        case "test":
            return ~in_train
        case _:
            raise DataError(f"there is no split {split!r}: say 'all', 'train' or 'test'.")
