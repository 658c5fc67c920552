"""What is public of a table of records: bounds and categories, from the schema that an explorer has too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.core.errors import DataError, PromiseError
from confide.core.foreign import in_one_line
from confide.mechanisms.learn.public_columns import Categories, Column, Number, PublicColumns

LARGEST = 1_000_000
"""Bytes of a schema."""


@dataclass(frozen=True, slots=True)
class PublicSchema:
    """Bounds and categories of features, and the classes of the label.

    Args:
        columns: of the features, in order.
        classes: of the label.
    """

    columns: PublicColumns
    classes: tuple[Any, ...]


def read_public(path: Path, *, label: str, without: str | None) -> PublicSchema:
    """Read bounds and categories of a schema.toml.

    Args:
        path: of the file. `[columns.NAME]` has `values`, or `low` and `high`; other keys are for other uses.
        label: the column to be predicted; its values are the classes.
        without: a column that is no feature: the person's.

    Raises:
        DataError: if it cannot be read, or a column has neither bounds nor values.
    """
    return parsed_public(schema_text(path), label=label, without=without, path=path)


def schema_text(path: Path) -> str:
    """The text of a schema.toml.

    Raises:
        DataError: if it cannot be read.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise DataError(f"{path} is larger than {LARGEST:,} bytes: make groups of categories.")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no TOML in UTF-8 ({in_one_line(error):.100}): mend it.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file can have such a name"
        raise DataError(f"{path} cannot be read ({why}): name the schema's file.") from error


def parsed_public(text: str, *, label: str, without: str | None = None, path: Path) -> PublicSchema:
    """Bounds and categories that the text of a schema says; arguments and errors as of `read_public`."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path} is no TOML in UTF-8 ({in_one_line(error):.100}): mend it.") from error
    columns = said.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise DataError(f"{path} describes no column: write [columns.NAME] with values, or low and high.")
    found = {str(name): _column(path, str(name), column) for name, column in columns.items()}
    classes = found.pop(label, None)
    if not isinstance(classes, Categories):
        raise DataError(
            f"{path} has no values for the label {label!r:.60}: write [columns.{label:.60}] with values = "
            "[...], all labels there can be."
        )
    found.pop(without or "", None)
    if not found:
        raise DataError(f"{path} describes no feature beside the label: write a column for each.")
    return PublicSchema(PublicColumns(found), classes.levels)


def _column(path: Path, name: str, said: Any) -> Column:
    """One column's encoding."""
    given: Mapping[str, Any] = said if isinstance(said, dict) else {}
    try:
        if isinstance(given.get("values"), list):
            return Categories(tuple(given["values"]))
        low, high = given.get("low"), given.get("high")
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in (low, high)):
            knots = given.get("knots", 8)
            if not isinstance(knots, int) or isinstance(knots, bool):
                raise DataError(f"{path}: knots of {name!r:.60} is {knots!r:.40}: give a whole number.")
            return Number(low=float(low), high=float(high), knots=knots, log=given.get("log") is True)  # pyright: ignore[reportArgumentType]
    except (PromiseError, TypeError) as error:
        raise DataError(f"{path}, column {name!r:.60}: {in_one_line(error):.200}") from error
    raise DataError(f"{path}, column {name!r:.60}: give values = [...], or low and high as numbers.")
