"""Keys of a configuration: the names of flags, and their values as an option or a record takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import click

from confide.cli.flags import FilePath, WholeNumber, is_parsed
from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.paths import is_there
from confide.core.spark import is_spark_address

FILES = ("FILE", "FOLDER", "PATH", "RELEASE")
"""What the help calls a value that is a path; other options of that type take labels."""

LARGEST = 10**300
"""Of a whole number where any number can be given: larger ones are no floats."""


def keys_of(options: Iterable[click.Parameter]) -> dict[str, click.Parameter]:
    """Every name that a key can have -> its option.

    A key is the flag without its dashes, or the field of the record, as in Python: allow-unsettled and
    allow_unsettled, limit and limits.
    """
    named: dict[str, click.Parameter] = {}
    for option in options:
        field = option.name or ""
        long = [flag.removeprefix("--") for flag in option.opts if flag.startswith("--")]
        named |= dict.fromkeys((field, field.replace("_", "-"), *long), option)
    return named


def fields_of(
    given: Mapping[str, object], options: Iterable[click.Parameter], *, hint: str
) -> dict[str, tuple[str, object]]:
    """Field -> the key under which it stands, and its value.

    Args:
        given: what stands in the file.
        options: those that can stand there.
        hint: what to do about a key that resembles none.

    Raises:
        DataError: for a key that does not exist, with the nearest one, and a setting given under two names.
    """
    known = keys_of(options)
    taken: dict[str, tuple[str, object]] = {}
    for key, value in given.items():
        option = known.get(key)
        if option is None:
            raise DataError(f"there is no setting {shown(key)} here{nearest(key, known) or f': {hint}'}.")
        field = option.name or ""
        if field in taken:
            raise DataError(f"{taken[field][0]} and {key} are one setting: keep one of them.")
        taken[field] = (key, value)
    return taken


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence with the word that was probably meant; empty where none is near.

    >>> nearest("sede", ["seed", "limits"])
    ": you may mean 'seed'"
    """
    near = get_close_matches(word, list(known), n=1)
    return f": you may mean {near[0]!r}" if near else ""


def value_of(option: click.Parameter, key: str, given: object, *, folder: Path) -> Any:
    """A value of the file as its option gives it: of the same type, in the same bounds.

    What has a type of its own in the record alone, as a text or a list of texts, is checked there.

    Args:
        folder: from which paths go out.

    Raises:
        DataError: for a value of another type or out of bounds.
    """
    if isinstance(option, click.Option) and option.is_flag:
        if not isinstance(given, bool):
            raise DataError(f"{key} is {shown(given)}: give true or false.")
        return given
    several = option.nargs == -1 or getattr(option, "multiple", False)
    if isinstance(given, list):
        values = cast("list[object]", given)
        # Several columns or attacks are one text on the command line, parted by commas.
        if not several and (option.type is not click.STRING or is_parsed(option)):
            raise DataError(f"{key} is a list: give one value.")
        return [_one(option, key, value, folder) for value in values]
    one = _one(option, key, given, folder)
    return [one] if several else one


def _one(option: click.Parameter, key: str, given: object, folder: Path) -> Any:
    kind = option.type
    if isinstance(kind, WholeNumber):
        _need(isinstance(given, int) and not isinstance(given, bool), key, given, "a whole number")
        return _converted(option, key, given)
    if kind is click.FLOAT:
        _need(isinstance(given, int | float) and not isinstance(given, bool), key, given, "a number")
        _need(not isinstance(given, int) or abs(given) < LARGEST, key, given, "a smaller number")
        return _converted(option, key, given)
    if isinstance(kind, FilePath) and not _is_path(option):  # a label
        _need(isinstance(given, str | int | float), key, given, "text or a number")
        return given
    if isinstance(given, str) and _is_path(option):
        _need(bool(given.strip()), key, given, "a path")
        place = placed(given, folder)
        return _converted(option, key, str(place)) if isinstance(place, Path) else place
    if isinstance(kind, FilePath | click.Choice) or is_parsed(option):
        _need(isinstance(given, str), key, given, "text")
        return _converted(option, key, given)
    _need(isinstance(given, str | int | float), key, given, "text")
    return given  # the record says what is wrong with it


def _need(fits: bool, key: str, given: object, such: str) -> None:
    if not fits:
        raise DataError(f"{key} is {shown(given)}: give {such}.")


def _converted(option: click.Parameter, key: str, given: object) -> Any:
    """The value as the command line would have read it."""
    context = click.Context(click.Command("confide"))
    try:
        value = option.type.convert(given, option, context)
        return option.callback(context, option, value) if is_parsed(option) and option.callback else value
    except click.BadParameter as error:
        raise DataError(f"{key}: {error.message}") from error


def _is_path(option: click.Parameter) -> bool:
    return isinstance(option, click.Argument) or option.metavar in FILES


def placed(text: str, folder: Path) -> Path | str:
    """A path of the file, from its folder; an address or import path as it stands.

    >>> placed("people.csv", Path("work")), placed("mypkg.net:model", Path("work"))
    (PosixPath('work/people.csv'), 'mypkg.net:model')
    """
    if "://" in text or is_spark_address(text):
        return text
    path = folder / text
    return text if ":" in text and not is_there(path) else path


def missing(values: Mapping[str, Any], inputs: Sequence[str]) -> tuple[str, Path] | None:
    """The first field with a file that is not there."""
    for field in inputs:
        given = values.get(field)
        for path in cast("list[Any]", given) if isinstance(given, list) else [given]:
            if isinstance(path, Path) and not is_there(path):
                return field, path
    return None
