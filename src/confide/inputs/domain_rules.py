"""Rules and structural zeros of a domain file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.inputs.domain_columns import Said, as_day, refuse_unknown
from confide.mechanisms.synthesize.columns.categories import Category, Key, text_of
from confide.mechanisms.synthesize.columns.kinds import Column, Date, Integer, Real
from confide.mechanisms.synthesize.columns.labels import EMPTY
from confide.mechanisms.synthesize.columns.rules import Rule, rule_of
from confide.mechanisms.synthesize.columns.zeros import Zero


def rule_said(given: Any) -> Rule:
    """A rule: a text, or a text with the table or the edges that belong to it.

    Raises:
        DataError: if it is none.
    """
    if isinstance(given, str):
        return rule_of(given)
    if not isinstance(given, dict) or not isinstance(cast(Said, given).get("rule"), str):
        raise DataError(
            f'a rule is {shown(given)}: write a text, or {{ rule = "city -> state", table = {{...}} }}.'
        )
    said = cast(Said, given)
    refuse_unknown(said, ("rule", "table", "edges"), f"the rule {said['rule']!r:.60}")
    table, edges = said.get("table"), said.get("edges", [])
    if not isinstance(table, dict | None) or not isinstance(edges, list):
        raise DataError(f"the rule {said['rule']!r:.60}: write table = {{ ... }} and edges = [...].")
    if not all(
        isinstance(e, int) and not isinstance(e, bool) and abs(e) < 2**53 for e in cast(list[Any], edges)
    ):
        raise DataError(
            f"the rule {said['rule']!r:.60}: edges are {shown(edges)}: give whole numbers of steps."
        )
    lines = None if table is None else {str(k): text_of(v) for k, v in cast(Said, table).items()}
    return rule_of(said["rule"], table=lines, edges=tuple(edges))


def zero_said(given: Any, columns: Mapping[str, Column]) -> Zero:
    """A combination that cannot be, such as `{ sex = "m", age = ["0..14", "90..99"] }`.

    Raises:
        DataError: if it is none.
    """
    if not isinstance(given, dict):
        raise DataError(f'a zero is {shown(given)}: write [[zeros]], and a line for each column, sex = "m".')
    return Zero({str(name): _values_of(v, columns.get(str(name))) for name, v in cast(Said, given).items()})


def _values_of(given: Any, column: Column | None) -> tuple[Any, ...]:
    """Values of a category; spans of numbers or days, `"0..14"`, or single ones."""
    several = cast(list[Any], given) if isinstance(given, list) else [given]
    labels = column.labels if isinstance(column, Category) else ()
    return tuple(None if v == EMPTY and EMPTY not in labels else _value_of(v, column) for v in several)


def _value_of(value: Any, column: Column | None) -> Any:
    if column is None or isinstance(column, Category | Key):
        if not isinstance(value, str | int | float):
            raise DataError(f"a zero holds {shown(value)}: write texts or numbers.")
        return value
    low, dots, high = value.partition("..") if isinstance(value, str) else (value, "", value)
    ends = [
        _end(part.strip() if isinstance(part, str) else part, column)
        for part in ((low, high) if dots else (low, low))
    ]
    return ends[0], ends[1]


def _end(value: Any, column: Integer | Real | Date) -> Any:
    made = as_day(value)
    if isinstance(value, str) and not isinstance(column, Date):
        try:
            made = float(value) if not value.lstrip("-").isdecimal() else int(value)
        except ValueError:
            made = value
    fits = isinstance(made, date) if isinstance(column, Date) else isinstance(made, int | float)
    if not fits or (isinstance(made, float) and not abs(made) < 1e300):
        example = "2020-01-01..2020-12-31" if isinstance(column, Date) else "0..14"
        raise DataError(
            f'a zero of column {column.name!r:.60} holds {shown(value)}: write a span, "{example}".'
        )
    return made
