"""The card beside a synthetic file of `confide synthesize`: what was promised, and how right it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.inputs.sidecar import sidecar_of

SCHEMA = "confide.synthetic/1"
LARGEST = 100_000_000
"""Bytes of a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableError:
    """How far one table of the file may be from that of the real records, by what was measured.

    Args:
        columns: of the table.
        high: the largest error of any count, at most, as a share of the rows; 1 where nothing bounds it.
        noise, model: its parts: what noise explains, and how far the file is from what was measured.
        bounded: whether there is a bound.
    """

    columns: tuple[str, ...]
    high: float
    noise: float
    model: float
    bounded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticCard:
    """What the card of a synthetic file says.

    Args:
        mechanism: that made it.
        promise: None where nothing is promised of the file as a whole.
        said: the promise in words.
        errors: of its tables.
    """

    mechanism: str
    promise: Budget | None
    said: str
    errors: tuple[TableError, ...]


def read_card(file: object) -> SyntheticCard | None:
    """The card beside a file; None where there is none, or the file is a frame in memory.

    Raises:
        DataError: if there is one and it cannot be read, or is of another file.
    """
    if not isinstance(file, str | Path) or not (place := sidecar_of(Path(file))).is_file():
        return None
    if place.stat().st_size > LARGEST:
        raise DataError(f"{place} is larger than {LARGEST:,} bytes, and no card: remove it.")
    try:
        said: Any = json.loads(place.read_text(encoding="utf-8"))
        if said["schema"] != SCHEMA:
            return None  # of another kind of release
        with Path(file).open("rb") as opened:
            digest = file_digest(opened, "sha256").hexdigest()
        if said["sha256"] != digest:
            raise DataError(
                f"{place} is the card of another file, or {Path(file).name} was changed: put it back, or "
                "remove the card."
            )
        return SyntheticCard(
            mechanism=str(said["mechanism"]),
            promise=_promise(said["promise"]),
            said=str(said["promise"]["text"]),
            errors=tuple(_error(one) for one in said["errors"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, PromiseError) as error:
        raise DataError(f"{place} is no card of a synthetic file: remove it.") from error


def _promise(said: Mapping[str, Any]) -> Budget | None:
    if said["epsilon"] is None:
        return None
    unit = said["unit"]
    whose = Unit.record()
    if unit["kind"] == "person":
        most = unit["at_most"]
        whose = Unit.person(str(unit["column"]), at_most=ANY_NUMBER if most is None else int(most))
    return Budget(float(said["epsilon"]), float(said["delta"]), whose)


def _error(said: Mapping[str, Any]) -> TableError:
    return TableError(
        columns=tuple(map(str, said["columns"])),
        high=float(said["high"]),
        noise=float(said["noise"]),
        model=float(said["model"]),
        bounded=said["basis"] != "nothing",
    )
