"""Fields of a settings record held against their types, so that a wrong value is said before any work."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from confide.core.errors import DataError
from confide.core.flags import Flag
from confide.core.foreign import in_one_line

Hint: TypeAlias = Any
"""A type annotation as an object: Python has no type for these."""

LARGEST = 10**9
"""Of whole numbers, where the flag says nothing else: some are lengths of lists."""
SHOWN = 60
"""Characters of a wrong value in a message."""
WORDS: Mapping[Hint, str] = {
    str: "text",
    int: "a whole number",
    float: "a finite number",
    bool: "True or False",
    Path: "a path",
}


def check_fields(record: object) -> None:
    """Check that every field of a dataclass holds a value of its type; for `__post_init__`.

    Numbers and truth values of numpy become those of Python. A truth value is no number, a number is finite,
    and a whole number is at most what its `Flag` says. A field of type `Any` may hold anything: who reads it
    checks it.

    Raises:
        DataError: with the first field whose value is of another type.
    """
    for name, hint, most, example in _hints(type(record)):
        given = getattr(record, name)
        plain = _plain(given)
        if not _fits(plain, hint):
            such = f", such as {example!r}" if example not in (None, "", ()) else ""
            raise DataError(f"{name} is {shown(given)}: give {_in_words(hint)}{such}.")
        if isinstance(plain, int) and abs(plain) > most:
            raise DataError(f"{name} is {shown(given)}, which is too large: give {most:,} at most.")
        if plain is not given:
            object.__setattr__(record, name, plain)


def _plain(value: Any) -> Any:
    """A scalar of numpy as one of Python."""
    scalar = isinstance(value, np.generic) and not isinstance(value, np.void)
    return cast(Any, value).item() if scalar else cast(Any, value)


def shown(value: object) -> str:
    """A value as a message shows it: its `repr`, cut to one line; its type where it has none.

    >>> shown("a\\nb"), shown(10**5000)
    ("'a\\\\nb'", 'of type int')
    """
    try:
        text = in_one_line(repr(value))
    # A `repr` may be foreign code, and Python refuses to write very long numbers.
    except Exception:
        return f"of type {type(value).__name__:.{SHOWN}}"
    if type(value).__repr__ is object.__repr__ or " object at 0x" in text or " at 0x" in text:
        return f"of type {type(value).__name__:.{SHOWN}}"  # an address tells nobody anything
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


@cache
def _hints(record: type) -> tuple[tuple[str, Hint, int, object], ...]:
    """Name, type, largest whole number and default of each field that a caller gives."""
    hints = get_type_hints(record, include_extras=True)
    found: list[tuple[str, Hint, int, object]] = []
    for field in fields(record):
        flags = [f for f in _flags(hints[field.name]) if f.most is not None]
        most = flags[0].most if flags else None
        example = None if field.default is MISSING else field.default
        found.append((field.name, hints[field.name], LARGEST if most is None else most, example))
    return tuple(found)


def _flags(hint: Hint) -> list[Flag]:
    """The flags anywhere in an annotation: `Annotated[...] | None` keeps its flag inside."""
    if get_origin(hint) is Annotated:
        inside, *more = get_args(hint)
        return [f for f in more if isinstance(f, Flag)] + _flags(inside)
    if get_origin(hint) in (Union, UnionType):
        return [f for part in get_args(hint) for f in _flags(part)]
    return []


def _fits(value: Any, hint: Hint) -> bool:
    """Whether a value is of a type, as far as a message about it would help; unknown types hold anything."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _fits(value, parts[0])
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return any(type(value) is type(known) for known in parts)
    if origin is tuple:
        return isinstance(value, tuple | list) and _each(cast(Any, value), parts)
    if origin is Sequence:
        return _several(value, parts[0])
    if hint in (None, NoneType):
        return value is None
    if hint is bool:
        return isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and _finite(value)
    if hint is Path:
        return _path(value)
    if hint is str:
        return isinstance(value, str) and _encodes(value)
    return _is_a(value, origin or hint)


def _path(value: Any) -> bool:
    """Whether a file can be called so."""
    try:
        return isinstance(value, str | os.PathLike) and b"\0" not in os.fsencode(cast(Any, value))
    except UnicodeEncodeError:
        return False


def _encodes(value: str) -> bool:
    """Whether a text can be written: half of a surrogate pair cannot."""
    try:
        return bool(value.encode()) or not value
    except UnicodeEncodeError:
        return False


def _is_a(value: Any, kind: Any) -> bool:
    """Whether a value is of a class, or has what a protocol names; `Any` holds anything."""
    if kind is Callable:
        return callable(value)
    if kind in (Any, object):
        return True
    if getattr(kind, "_is_protocol", False):  # an instance, not the class itself
        named = [*getattr(kind, "__annotations__", {}), *["__call__"] * ("__call__" in vars(kind))]
        return not isinstance(value, type) and all(hasattr(value, name) for name in named)
    return isinstance(value, kind) if isinstance(kind, type) else True


def _each(values: Any, parts: tuple[Hint, ...]) -> bool:
    return len(values) == len(parts) and all(map(_fits, values, parts))


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _several(value: Any, part: Hint) -> bool:
    """Whether this is a list of such parts; one text or path alone counts too, as the records take it so."""
    if isinstance(value, str | Path):
        return _fits(value, part)
    if isinstance(value, Sequence):
        return not isinstance(value, bytes | bytearray | memoryview) and all(
            _fits(v, part) for v in cast(Any, value)
        )
    # An array or a column of one dimension, such as `classes_`.
    shape: Any = getattr(value, "shape", None)
    return isinstance(shape, tuple) and len(cast(Any, shape)) == 1 and part is Any


def _in_words(hint: Hint) -> str:
    """What to give instead."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _in_words(parts[0])
    if origin in (Union, UnionType):
        told = dict.fromkeys(_in_words(part) for part in parts if part not in (None, NoneType))
        return " or ".join(told) + " or leave it out" * (NoneType in parts)
    if origin is Literal:
        return " or ".join(map(str, parts))
    if origin is tuple:
        return f"{len(parts)} values, {_in_words(parts[0])} each"
    if origin is Sequence:
        return "a list" if parts[0] is Any else f"a list of {_in_words(parts[0])}"
    if origin is Callable:
        return "a function"
    return WORDS.get(hint) or f"an object of type {getattr(origin or hint, '__name__', hint)}"
