"""Columns of a domain file: the settings that each kind has, checked one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from math import isfinite
from typing import Any, TypeAlias, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.kinds import Column, Date, Integer, Real

Said: TypeAlias = Mapping[str, Any]

NUMBERS = ("low", "high", "bins", "edges", "step", "nulls", "outside")
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "category": ("values", "nulls", "other"),
    "integer": NUMBERS,
    "real": NUMBERS,
    "date": ("low", "high", "bins", "edges", "every", "nulls", "outside"),
    "key": ("prefix",),
    "drop": (),
}
"""Of each kind, beside `kind` itself."""


def refuse_unknown(said: Said, known: Sequence[str], whose: str) -> None:
    """Refuse settings that there are not.

    Raises:
        DataError: with the nearest one.
    """
    for name in said:
        if name not in known:
            near = get_close_matches(str(name), known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}? It takes" if near else "it takes"
            raise DataError(f"{whose} has no setting {str(name)!r:.60}: {hint} {', '.join(known) or 'none'}.")


def settings_of(name: str, given: Any) -> Said:
    """What is said of a column, of a kind that there is.

    Raises:
        DataError: for another kind, or a setting that it does not have.
    """
    if not isinstance(given, dict):
        raise DataError(
            f"column {name!r:.60} is {shown(given)}: write [columns.{name:.60}] and its settings."
        )
    said = cast(Said, given)
    kind = said.get("kind")
    if kind in ("text", "free text"):
        raise DataError(
            f'column {name!r:.60} is free text, which cannot be modelled: leave it out with kind = "drop", '
            "or "
            'list its values with kind = "category".'
        )
    if not isinstance(kind, str) or kind not in SETTINGS:
        told = "no kind" if kind is None else f"kind = {shown(kind)}"
        raise DataError(f"column {name!r:.60} has {told}: say one of {', '.join(SETTINGS)}.")
    refuse_unknown(said, ("kind", *SETTINGS[str(kind)]), f"column {name!r:.60} of kind {kind}")
    return said


def _need(name: str, said: Said, *asked: str) -> None:
    for one in asked:
        if one not in said:
            raise DataError(
                f"column {name!r:.60} of kind {said['kind']} has no {one}: fill it in from public knowledge, "
                "or "
                'leave the column out with kind = "drop".'
            )


def column_of(name: str, said: Said) -> Column:
    """A column that a file says.

    Raises:
        DataError: if a setting is missing or cannot be.
    """
    if not isinstance(said.get("nulls", False), bool):
        raise DataError(f"column {name!r:.60}: nulls is {shown(said['nulls'])}: write true or false.")
    for word in ("outside", "every", "prefix"):
        if not isinstance(said.get(word, ""), str):
            raise DataError(f"column {name!r:.60}: {word} is {shown(said[word])}: write a word.")
    if not isinstance(said.get("bins", 1), int | str):
        raise DataError(
            f"column {name!r:.60}: bins is {shown(said['bins'])}: give their number, or quantiles:16."
        )
    edges = said.get("edges", [])
    if not isinstance(edges, list):
        raise DataError(f"column {name!r:.60}: edges is {shown(edges)}: write a list, from low to high.")
    return KINDS[said["kind"]](name, {k: v for k, v in said.items() if k != "kind"})


def _category(name: str, said: Said) -> Category:
    _need(name, {**said, "kind": "category"}, "values")
    values = said["values"]
    if not isinstance(values, list) or not all(map(_plain, cast(list[Any], values))):
        raise DataError(f"column {name!r:.60}: values is {shown(values)}: write a list of texts or numbers.")
    other = said.get("other")
    if other is not None and not _plain(other):
        raise DataError(f"column {name!r:.60}: other is {shown(other)}: name one of its values.")
    return Category(name, tuple(values), nulls=said.get("nulls", False), other=other)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


def _integer(name: str, said: Said) -> Integer:
    _need(name, {**said, "kind": "integer"}, "low", "high")
    return Integer(name, **{**said, "edges": tuple(said.get("edges", ()))})


def _real(name: str, said: Said) -> Real:
    _need(name, {**said, "kind": "real"}, "low", "high")
    return Real(name, **{**said, "edges": tuple(said.get("edges", ()))})


def _date(name: str, said: Said) -> Date:
    _need(name, {**said, "kind": "date"}, "low", "high")
    days = {what: as_day(said[what]) for what in ("low", "high")}
    return Date(name, **{**said, **days, "edges": tuple(as_day(e) for e in said.get("edges", ()))})


def as_day(value: Any) -> Any:
    """A day that stands in quotation marks, as a day; anything else as it is."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _key(name: str, said: Said) -> Key:
    return Key(name, **said)


KINDS: Mapping[str, Callable[[str, Said], Column]] = {
    "category": _category,
    "integer": _integer,
    "real": _real,
    "date": _date,
    "key": _key,
}
