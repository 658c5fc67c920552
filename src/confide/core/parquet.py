"""Parquet files from elsewhere: tried in a process of their own, and then read here."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.trial import TRIAL

LIBRARY = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises. A panic of its Rust code is no `Exception`."""


def read_parquet(path: Path, *, todo: str = "save it again") -> pl.DataFrame:
    """The table in a parquet file.

    Args:
        path: the file.
        todo: what to do if it cannot be read.

    Raises:
        DataError: if it cannot be read, or only with more memory than `confide.core.trial` grants it.
    """
    try:
        said = TRIAL.fault(path)
        if not said:
            return pl.read_parquet(path)
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror or error}): check it.") from error
    except LIBRARY as error:
        said = in_one_line(error)
    raise DataError(f"{path.name} cannot be read as parquet ({in_one_line(said)}): {todo}.")
