"""Source of what is released: its file, columns and forms, so that the protected data look like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import polars as pl

from confide.core.errors import DataError
from confide.core.language import later, t
from confide.inputs.csv_files import CsvForm
from confide.inputs.tables import Format, Table
from confide.inputs.times import TimeForm

Role: TypeAlias = Literal["user", "item", "rating", "time", "place", "lat", "lon"]


class Origin(Protocol):
    """Where data came from, and in which form a release of them is to be written.

    `Source` is that of a table; `confide.inputs.albums.AlbumSource` that of pictures.
    """

    @property
    def name(self) -> str:
        """What to call the data in messages."""
        ...

    @property
    def path(self) -> Path | None:
        """The file or folder; None for an object in memory."""
        ...

    @property
    def unread(self) -> tuple[str, ...]:
        """What the audit did not read, and so is not released."""
        ...

    def refuse_form(self, out: Path) -> None:
        """Check that a release can be written at this place in the form of the original.

        Raises:
            DataError: if not, with what to do.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Where a table came from and what it looked like. The rows themselves are not kept.

    Args:
        name: what the table is called in messages.
        format: of the file; "frame" for a frame in memory.
        columns: name -> type, in the order of the table.
        roles: what a column says -> the column's name; columns without a role were not read by the audit.
        path: of the file; None for a frame.
        form: how a csv file is written; None for other formats.
        time: how the column of times writes them; None without such a column.
        also: columns that are read besides those with a role.
    """

    name: str
    format: Format
    columns: Mapping[str, pl.DataType]
    roles: Mapping[Role, str]
    path: Path | None = None
    form: CsvForm | None = None
    time: TimeForm | None = None
    also: tuple[str, ...] = ()

    @property
    def separator(self) -> str | None:
        """What stands between the values of a csv file; None for other formats."""
        return None if self.form is None else self.form.separator

    @classmethod
    def of(
        cls,
        table: Table,
        roles: Mapping[Role, str | None],
        *,
        time: TimeForm | None = None,
        also: tuple[str, ...] = (),
    ) -> Source:
        """The source of a table that was read; roles without a column are left out."""
        return cls(
            name=table.name,
            format=table.format,
            columns=dict(table.frame.schema),
            # A column that was not named has no role, and is listed among the unread.
            roles={role: column for role, column in roles.items() if column is not None},
            path=table.path,
            form=table.form,
            time=time,
            also=also,
        )

    @property
    def said(self) -> str:
        """How the columns were read, in a sentence without any value of theirs."""
        kinds = {
            "user": later("{column} id"),
            "item": later("{column} id"),
            "place": later("{column} id"),
            "rating": later("{column} number"),
            "lat": later("{column} number"),
            "lon": later("{column} number"),
        }
        parts = [
            t("{column} time, {words}", column=column, words=self.time.words)
            if role == "time" and self.time is not None
            else t(kinds[role], column=column)
            for role, column in self.roles.items()
            if role != "time" or self.time is not None
        ]
        columns = "; ".join(parts)
        if self.form is None:
            return t("Read as: {columns}.", columns=columns)
        return t("Read as ({form}): {columns}.", form=self.form.words(), columns=columns)

    @property
    def unread(self) -> tuple[str, ...]:
        """The columns that the audit did not read, in the order of the table."""
        read = {*self.roles.values(), *self.also}
        return tuple(column for column in self.columns if column not in read)

    def refuse_form(self, out: Path) -> None:
        """Check that the name of a release ends as that of the original; a frame takes either format.

        Raises:
            DataError: if it is a folder or says another format, with what to do.
        """
        if out.is_dir():
            raise DataError(f"{out} is a folder: name the file to write.")
        suffix = "" if self.path is None else self.path.suffix
        if self.format in ("csv", "parquet") and out.suffix.lower() != suffix.lower():
            raise DataError(
                f"{out} ends in {out.suffix or 'nothing'}, and {self.name} is a {suffix} file: the protected "
                f"data are written in the same format, so let the name end in {suffix}."
            )
        if self.format == "frame" and out.suffix.lower() not in (".parquet", ".csv"):
            raise DataError(f"{out} says no format: let the name end in .parquet or .csv.")
