"""Plans of several parties in TOML, read table by table; every error says where in the file it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias, cast

from confide.core.errors import ConfideError, DataError
from confide.core.fields import shown
from confide.core.foreign import in_one_line
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.times import parse_span

Said: TypeAlias = Mapping[str, Any]
LARGEST = 1_000_000
"""Bytes of a plan."""


@contextmanager
def placed_in(path: Path, table: str = "") -> Generator[None]:
    """Say of an error where in the plan it stands."""
    try:
        yield
    except ConfideError as error:
        where = f"{path}, [{table}]" if table else str(path)
        raise type(error)(f"{where}: {error}") from error


def text_of(path: Path) -> str:
    """The text of a plan.

    Raises:
        DataError: if it cannot be read, or is too large.
    """
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file can have such a name"
        raise DataError(f"{path} cannot be read ({why}): name the plan's file.") from error
    if len(raw) > LARGEST:
        raise DataError(f"{path} is larger than {LARGEST:,} bytes, and no plan: name the plan's file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it so.") from error


def parsed(path: Path, text: str) -> Said:
    """What a plan says.

    Raises:
        DataError: if it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no TOML ({in_one_line(error):.100}): correct that line.") from error


def table_in(said: Said, name: str) -> Said:
    """A table of the plan; an empty one where there is none.

    Raises:
        DataError: if it is something else.
    """
    given = said.get(name, {})
    if not isinstance(given, dict):
        raise DataError(f"{name} is {shown(given)}: write it as a table, [{name}].")
    return cast(Said, given)


def filled(record: type, said: Said) -> object:
    """A record of settings with what a table says.

    Raises:
        DataError: for a key that is no field of it.
    """
    names = tuple(field.name for field in fields(record))
    refuse_unknown(said, names, "it")
    return record(**said)


def whole_in(said: Said, name: str, *, most: int) -> int:
    """A whole number from 1.

    Raises:
        DataError: if it is missing, or none.
    """
    given = said.get(name)
    if type(given) is not int or not 1 <= given <= most:
        told = "is missing" if given is None else f"is {shown(given)}"
        raise DataError(f"{name} {told}: give a whole number from 1 to {most:,}.")
    return given


def number_of(given: object) -> float | None:
    """A finite number; None for anything else, also for a whole number that is too large for one.

    >>> number_of(2), number_of(True), number_of(10**400), number_of(float("nan"))
    (2.0, None, None, None)
    """
    if not isinstance(given, int | float) or isinstance(given, bool):
        return None
    try:
        return found if isfinite(found := float(given)) else None
    except OverflowError:
        return None


def words_in(said: Said, name: str, *, needed: bool = True) -> str:
    """A text; an empty one where it is not needed and not given.

    Raises:
        DataError: if it is missing, or none.
    """
    given = said.get(name, "")
    if not isinstance(given, str) or (needed and not given):
        told = "is missing" if name not in said else f"is {shown(given)}"
        raise DataError(f"{name} {told}: give a text.")
    return given


def span_in(said: Said, name: str) -> float | None:
    """A span of time in seconds; None where none is given.

    Raises:
        DataError: if it is none.
    """
    given = said.get(name)
    if given is None:
        return None
    if not isinstance(given, str):
        raise DataError(f'{name} is {shown(given)}: give a span of time, such as "10min".')
    return parse_span(given, likely=("min", "h"), least=1)
