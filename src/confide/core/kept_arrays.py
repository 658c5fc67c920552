"""One file of arrays and of what they are, written whole and for its owner alone; nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from confide.core.arrays import Array
from confide.core.atomic import atomic_write
from confide.core.errors import DataError

_META, _ARRAY = "meta", "array "


def write_arrays(path: Path, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write arrays by name, with a table of what JSON can say; an older file at the path is replaced."""
    held = {_META: np.frombuffer(json.dumps(meta).encode(), np.uint8)}
    held |= {_ARRAY + name: array for name, array in arrays.items()}
    with atomic_write(path) as draft, draft.open("wb") as file:
        np.savez(file, **held)  # pyright: ignore[reportArgumentType] - no array is called as an option is


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """The table and the arrays of a file that `write_arrays` wrote.

    Raises:
        DataError: if it is none, or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            meta = json.loads(held[_META].tobytes())
            return meta, {name.removeprefix(_ARRAY): held[name] for name in held.files if name != _META}
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, EOFError) as error:
        raise DataError(f"{path} is no file of arrays, or damaged ({error!s:.80}).") from error
