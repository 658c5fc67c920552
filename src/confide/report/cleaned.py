"""Texts of a page without signs that act: names in it come from files, and files from anybody."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from confide.core.foreign import escaped

_T = TypeVar("_T")


def cleaned(value: _T) -> _T:
    """The same records with control characters and marks of direction written out in every text.

    >>> cleaned({"release": ["a\\x1b[2J", 1.5]})
    {'release': ['a\\\\x1b[2J', 1.5]}
    """
    return cast(_T, _cleaned(value))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(one) for key, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list) else value
