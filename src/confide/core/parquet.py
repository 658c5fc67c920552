"""Parquet files: those from elsewhere are tried in a process of their own before they are read here."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.lazily import Lazily
from confide.core.trial import TRIAL

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


def library_errors() -> tuple[type[BaseException], ...]:
    """What polars raises. A panic of its Rust code is no `Exception`."""
    return pl.exceptions.PolarsError, pl.exceptions.PanicException


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
            return pl.read_parquet(path, glob=False)
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror or error}): check it.") from error
    except library_errors() as error:
        said = in_one_line(error)
    raise DataError(f"{path.name} cannot be read as parquet ({in_one_line(said)}): {todo}.")


def write_parquet(frame: pl.DataFrame, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write a table, so that a full disk is an error of the system.

    Raises:
        OSError: if the file cannot be written.
    """
    made = BytesIO()  # straight to a full disk, polars ends in an error about Thrift
    frame.write_parquet(made, metadata=None if metadata is None else dict(metadata))
    path.write_bytes(made.getbuffer())
