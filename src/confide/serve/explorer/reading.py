"""Reads a `schema.toml`, and refuses it with the line and key of what is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.account.terms import shares_of
from confide.core.errors import ConfideError, DataError
from confide.core.foreign import in_one_line
from confide.serve.explorer.columns import read_column
from confide.serve.explorer.faults import Place
from confide.serve.explorer.groups import MOST_GROUPS, number_of_groups
from confide.serve.explorer.lines import lines_of
from confide.serve.explorer.schema import Map, Numbers, PublicColumn, PublicSchema

LARGEST = 1_000_000
"""Bytes of a schema: more is no list that a page could show."""
MOST_COLUMNS = 200


def read_schema(path: Path) -> PublicSchema:
    """Read a public schema.

    Raises:
        DataError: if it cannot be read, or says what cannot be: the file, its line and its key.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise DataError(
                f"{path} is larger than {LARGEST:,} bytes: list fewer categories, or make groups of them."
            )
        text = raw.decode("utf-8-sig")
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path} is no TOML: {in_one_line(error)}. Mend that line.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8 (byte {error.start:,}): save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): name the schema's file.") from error
    except RecursionError:
        raise DataError(f"{path} nests tables too deep: see docs/explorer.md for its form.") from None
    return _Reader(path.name, text).schema(said)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a text says, in records."""

    name: str
    text: str

    def schema(self, said: Mapping[str, Any]) -> PublicSchema:
        top = Place(self.name, lines_of(self.text), ())
        top.only(said, "title", "description", "columns", "maps", "analysts")
        columns_at = top.at("columns")
        listed = columns_at.table(said.get("columns"), example="[columns.age]")
        if not 0 < len(listed) <= MOST_COLUMNS:
            raise columns_at.fault(f"there are {len(listed)} columns", f"describe 1 to {MOST_COLUMNS}")
        columns = {n: read_column(n, c, columns_at.at(n)) for n, c in listed.items()}
        maps_at = top.at("maps")
        maps = {
            n: self._map(n, m, maps_at.at(n), columns)
            for n, m in maps_at.table(said.get("maps", {}), example="[maps.home]").items()
        }
        if not any(not isinstance(c, Numbers) or c.step is not None for c in columns.values()):
            raise columns_at.fault("no column makes groups", "give one of them values or a step")
        return PublicSchema(
            title=top.text(said, "title", self.name.removesuffix(".toml")),
            description=top.text(said, "description", ""),
            columns=columns,
            maps=maps,
            analysts=self._analysts(said.get("analysts", {}), top.at("analysts")),
        )

    def _map(self, name: str, said: object, at: Place, columns: Mapping[str, PublicColumn]) -> Map:
        table = at.table(said, example="[maps.home]")
        at.only(table, "label", "description", "lat", "lon")
        cells = 1
        for key in ("lat", "lon"):
            column = columns.get(at.text(table, key, ""))
            if not isinstance(column, Numbers) or column.step is None:
                raise at.at(key).fault(
                    f"{table.get(key)!r:.60} is no column of numbers with a step",
                    f"name one that has low, high and step under [columns]; it is the {key} of the map",
                )
            cells *= number_of_groups(column)
        if table["lat"] == table["lon"]:
            raise at.at("lon").fault("lat and lon are one column", "name two")
        if cells > MOST_GROUPS:
            raise at.fault(f"the map has {cells:,} cells", f"give wider steps: at most {MOST_GROUPS:,} cells")
        return Map(
            name=name,
            label=at.text(table, "label", name),
            description=at.text(table, "description", ""),
            lat=table["lat"],
            lon=table["lon"],
        )

    def _analysts(self, said: object, at: Place) -> dict[str, str | float]:
        shares = at.table(said, example="[analysts]")
        for name, share in shares.items():
            if isinstance(share, bool) or not isinstance(share, str | int | float):
                raise at.at(name).fault(f"{share!r:.40} is no share", "give one such as 0.25")
            try:
                shares_of({name: share})
            except ConfideError as error:
                raise at.at(name).fault(str(error).rstrip("."), "") from error
        return dict(shares)
