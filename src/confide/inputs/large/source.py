"""Where a large table came from, and in which form its release is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from confide.core.errors import DataError
from confide.inputs.large.reading import LargeTable
from confide.inputs.large.store import SUFFIX
from confide.inputs.source import Origin, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSource:
    """A table in a database. Its release is a table beside it, and a file that names that.

    Args:
        name: of the table.
        unread: the columns that cannot be read, and so are not released.
    """

    name: str
    unread: tuple[str, ...]
    path: None = None

    def refuse_form(self, out: Path) -> None:
        """Check that the file is one that names a table.

        Raises:
            DataError: with what to write.
        """
        if out.suffix != SUFFIX or not out.name.removesuffix(SUFFIX):
            raise DataError(
                f"{out} names no table: the release of {self.name} is a table beside it, so give its name "
                f"and {SUFFIX}, such as people_safe{SUFFIX}."
            )


def source_of(large: LargeTable) -> Origin:
    """Where it came from."""
    store = large.store
    unread = tuple(name for name, kind in store.kinds.items() if kind == pl.Null)
    if store.path is None:
        return DatabaseSource(name=store.name, unread=unread)
    return Source(
        name=store.name,
        format="csv" if store.form is not None else "parquet",
        columns=dict(store.kinds),
        roles={"user": large.id} if large.id else {},
        path=store.path,
        form=store.form,
        also=(*large.key, *large.others),
    )
