"""Files that a record names: by the field they were given for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

from confide.core.paths import is_there


def file_fields(record: type) -> tuple[str, ...]:
    """The fields that take a file or a folder; a text in another field is a column or a setting.

    >>> from confide.inputs.likes import Likes
    >>> file_fields(Likes)
    ('records', 'traits', 'released', 'key')
    """
    hints = get_type_hints(record)
    # Wherever a file may be given an object in memory may be given too, so the type is `Any`.
    return tuple(f.name for f in fields(record) if _takes_files(hints[f.name]))


def _takes_files(hint: Any) -> bool:
    parts = (hint, *get_args(hint))
    # Earlier weights of a run, one file each.
    several = [part for one in parts if get_origin(one) is Sequence for part in get_args(one)]
    return Any in (*parts, *several) or Path in parts


def named_files(held: Any) -> dict[str, tuple[Path, ...]]:
    """Field -> the files and folders that were given for it and are there."""
    found: dict[str, tuple[Path, ...]] = {}
    for name in file_fields(type(held)):
        given = getattr(held, name)
        each = cast("Sequence[Any]", given) if isinstance(given, list | tuple) else [given]
        paths = [Path(one) for one in each if isinstance(one, str | Path)]
        found[name] = tuple(path for path in paths if is_there(path))
    return {name: paths for name, paths in found.items() if paths}
