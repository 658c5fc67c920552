"""Public keys of groups: given by the user, checked against the columns, all answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import product
from math import prod
from typing import cast

from confide.core.fields import shown
from confide.releases.sql.literals import LARGEST
from confide.releases.sql.query import ColumnOf, Key, Value
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import WORDS, Kind

MOST = 1_000_000
"""Groups of a query."""
_TYPES: dict[Kind, type] = {"integer": int, "text": str, "boolean": bool, "date": date}


def keys_of(
    given: Mapping[str, Iterable[object]], groups: Sequence[ColumnOf], names: Sequence[str]
) -> tuple[Key, ...]:
    """Each combination of the given keys, in their order.

    Args:
        given: for the name of each group column its keys; None is the group of rows without a value.
        groups: the group columns.
        names: under which these are shown.

    Raises:
        QueryError: for keys of some group columns only, of none, given twice, or of another kind.
    """
    if not isinstance(given, Mapping):
        raise QueryError(
            f"keys is {shown(given)}", 'give a list for each group column, such as {"state": ["NY"]}'
        )
    for name in given:
        if name not in names:
            raise QueryError(
                f"keys are given for {name!r:.60}, which is no group column",
                f"give keys for {', '.join(names) or 'no column: the query has no group by'}",
            )
    lacking = [name for name in names if name not in given]
    if lacking:
        raise QueryError(
            f"keys are given for some group columns, but not for {', '.join(lacking)}",
            "give keys for all of them, or for none",
        )
    columns = [_checked(_listed(given[n], n), group, n) for group, n in zip(groups, names, strict=True)]
    if (number := prod(len(c) for c in columns)) > MOST:
        raise QueryError(f"the keys make {number:,} groups", f"give at most {MOST:,}")
    return tuple(product(*columns))


def _listed(keys: object, name: str) -> list[object]:
    """Keys as a list; a text alone would be read as a list of its letters."""
    if isinstance(keys, str | bytes) or not isinstance(keys, Iterable):
        raise QueryError(
            f"the keys of {name} are {shown(keys)}", f"give a list of keys, such as [{shown(keys)}]"
        )
    return list(cast(Iterable[object], keys))


def _checked(keys: list[object], group: ColumnOf, name: str) -> list[Value | None]:
    if not keys:
        raise QueryError(f"there are no keys for {name}", "give one at least")
    checked = [_key(key, group.kind, name) for key in keys]
    if len(set(checked)) < len(checked):
        twice = next(k for i, k in enumerate(checked) if k in checked[:i])
        raise QueryError(f"the key {twice!r:.40} of {name} is given twice", "give each key once")
    return checked


def _such(wrong: object, kind: Kind) -> str:
    """A key of this kind as Python writes it: the one that a text seems to mean, or an example."""
    text = wrong.strip() if isinstance(wrong, str) else ""
    if kind == "date":
        try:
            day = date.fromisoformat(text) if not isinstance(wrong, datetime) else wrong.date()
        except ValueError:
            day = date(2020, 1, 31)
        return f"datetime.date({day.year}, {day.month}, {day.day})"
    if kind == "integer":
        return text if text.isascii() and text.isdigit() and len(text) < 19 else "30"
    if kind == "boolean":
        return {"false": "False"}.get(text.lower(), "True")
    return f"{str(wrong)!r:.40}" if isinstance(wrong, int | float) else "'NY'"


def _key(key: object, kind: Kind, name: str) -> Value | None:
    """A key as the database shows it; numbers of numpy and polars become those of Python."""
    plain = key.item() if hasattr(key, "item") and callable(key.item) else key  # pyright: ignore[reportAttributeAccessIssue]
    if plain is None:
        return None
    fits = type(plain) is _TYPES.get(kind) and not isinstance(plain, datetime)
    if fits and isinstance(plain, int) and not -LARGEST <= plain < LARGEST:
        fits = False
    if fits and isinstance(plain, str) and ("\0" in plain or any("\ud800" <= c <= "\udfff" for c in plain)):
        fits = False
    if not fits:
        raise QueryError(
            f"{name} holds {WORDS[kind]}, and the key {key!r:.40} is something else",
            f"give keys such as {_such(plain, kind)}",
        )
    assert isinstance(plain, bool | int | str | date)
    return plain
