"""Earlier releases of the same tables: found in files and folders, and read as the present one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confide.core.errors import DataError
from confide.core.language import t
from confide.core.paths import is_there
from confide.inputs.crosstab_files import PublishedTable, blocks_of
from confide.inputs.tables import SUFFIXES


@dataclass(frozen=True, slots=True)
class Release:
    """One release of tables, by its name; the tables carry it too, so that no two are called the same."""

    name: str
    tables: tuple[PublishedTable, ...]


def earlier_releases(
    given: object, now: object, *, read: Callable[[object], list[PublishedTable]]
) -> list[Release]:
    """Read the earlier releases, the first one first.

    Args:
        given: a release or several, each a file, a folder of files, a frame, or a list of these.
        now: the present release, as it was given.
        read: reads the tables of a release.

    Raises:
        DataError: for a folder without tables, and a file that is in the present release too.
    """
    present = {_resolved(one) for one in _several(now) if isinstance(one, str | Path)}
    found: list[Release] = []
    for number, one in enumerate(_several(given), 1):
        parts, name = _parts(one, number)
        again = next((p for p in parts if isinstance(p, str | Path) and _resolved(p) in present), None)
        if again is not None:
            raise DataError(f"{again} is among the tables and in --before: give the files of each release.")
        if name in {release.name for release in found}:
            name = f"{name} ({number})"
        tables = tuple(replace(table, name=f"{name}/{table.name}") for table in read(parts))
        found.append(Release(name, tables))
    return found


def refuse_other_blocks(now: Sequence[PublishedTable], releases: Sequence[Release]) -> None:
    """Refuse releases of which one lacks a block: read as empty, all of its people would have come or left.

    Raises:
        DataError: with a block and the release that lacks it.
    """
    every = [("the tables", set(blocks_of(now)))]
    every += [(release.name, set(blocks_of(release.tables))) for release in releases]
    for name, blocks in every:
        for other, there in every:
            if lacking := sorted(there - blocks):
                raise DataError(
                    f"{name} has no block {lacking[0]!r:.60}, which stands in {other}: give the same blocks "
                    "of each release."
                )


def _several(given: object) -> Sequence[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


def _parts(one: Any, number: int) -> tuple[Sequence[Any], str]:
    """The tables of one release, and what to call it."""
    if not isinstance(one, str | Path):
        return _several(one), t("release {n}", n=number)
    path = Path(one)
    if not is_there(path):
        raise DataError(f"{path} does not exist: check the path.")
    if not path.is_dir():
        return [path], path.stem
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f"{path} has no {' or '.join(SUFFIXES)} file: give the folder of an earlier release.")
    return files, path.name or _resolved(path).name


def _resolved(one: str | Path) -> Path:
    # What is no path there is refused by who reads it.
    return Path(one).resolve() if is_there(Path(one)) else Path(one)
