"""Reads what a schema says about one column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, get_args

from confide.core.foreign import escaped
from confide.serve.explorer.faults import Place
from confide.serve.explorer.groups import MOST_GROUPS, number_of_groups
from confide.serve.explorer.schema import Categories, Category, Numbers, PublicColumn, Step, Times

SHARED = ("label", "description", "missing")
WIDEST = 2.0**53
"""The greatest bound: above it not each whole number is a float64, and bins would slip."""


def read_column(name: str, said: object, at: Place) -> PublicColumn:
    """A column: of categories if it has values, else of numbers or times, by its bounds.

    Raises:
        DataError: with line and key.
    """
    table = at.table(said, example=f"[columns.{name}]")
    if not name or escaped(name, keep=()) != name:
        raise at.fault(f"{name!r:.60} is no name of a column", "use signs that show")
    if "values" in table:
        column = _categories(name, table, at)
    elif not {"low", "high"} <= set(table):
        lacking = next(key for key in ("low", "high") if key not in table)
        raise at.fault(
            f"it has no {lacking}, and bounds are never read from the data"
            if {"low", "high"} & set(table)
            else "it has neither values nor bounds, and they are never read from the data",
            "give values = [...], or low and high",
        )  # fmt: skip
    elif isinstance(table["low"], date):  # a datetime is a date
        column = _times(name, table, at)
    else:
        column = _numbers(name, table, at)
    if isinstance(column, Categories):
        groups = len(column.values)
    elif column.step is None:
        return column
    else:
        groups = number_of_groups(column)
    if not 0 < groups <= MOST_GROUPS:
        raise at.at("values" if isinstance(column, Categories) else "step").fault(
            f"this makes {groups:,} groups", f"make 1 to {MOST_GROUPS:,}"
        )
    return column


def _shared(name: str, table: Mapping[str, Any], at: Place) -> dict[str, Any]:
    return {
        "name": name,
        "label": at.text(table, "label", name),
        "description": at.text(table, "description", ""),
        "missing": at.yes_or_no(table, "missing"),
    }


def _categories(name: str, table: Mapping[str, Any], at: Place) -> Categories:
    at.only(table, *SHARED, "values")
    values, here = table["values"], at.at("values")
    if not isinstance(values, list):
        raise here.fault("this is no list", 'write values = ["a", "b"]')
    found: list[Category] = []
    for value in values:
        kinds = {type(v) for v in (*found, value)}
        if type(value) not in (bool, int, str) or len(kinds) > 1:
            raise here.fault(
                f"{value!r:.40} is no category beside the others", "write texts only, or whole numbers only"
            )
        if isinstance(value, str) and (escaped(value, keep=()) != value or len(value) > 200):
            raise here.fault(f"{value!r:.60} is too long, or has signs that do not show", "leave it out")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise here.fault(f"{value} is larger than 64 bits hold", "leave it out")
        if value in found:
            raise here.fault(f"{value!r:.40} is there twice", "name each value once")
        found.append(value)
    return Categories(**_shared(name, table, at), values=tuple(found))


def _numbers(name: str, table: Mapping[str, Any], at: Place) -> Numbers:
    at.only(table, *SHARED, "unit", "low", "high", "step")
    low, high = (_number(table[key], at.at(key)) for key in ("low", "high"))
    if not low < high:
        raise at.at("high").fault(f"{high:g} is not above the low of {low:g}", "write the smaller one as low")
    step = _number(table["step"], at.at("step")) if "step" in table else None
    if step is not None and step <= 0:
        raise at.at("step").fault(f"a step of {step:g}", "write a number above 0")
    if table.get("missing") and step is None:
        raise at.at("missing").fault("only groups have a missing one", "give a step, or leave it out")
    return Numbers(**_shared(name, table, at), unit=at.text(table, "unit", ""), low=low, high=high, step=step)


def _number(value: object, at: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise at.fault(f"{value!r:.40} is no number", "write one such as 0 or 12.5")
    if not math.isfinite(value) or abs(value) > WIDEST:
        raise at.fault(
            f"{value:g} is too large" if math.isfinite(value) else f"{value} is no bound",
            "write a finite one within 2^53",
        )
    return value


def _times(name: str, table: Mapping[str, Any], at: Place) -> Times:
    at.only(table, *SHARED, "low", "high", "step")
    low, high, step = table["low"], table["high"], table.get("step", "month")
    if type(low) is not type(high):
        raise at.at("high").fault(f"{high!s:.40} is no date or time as low is", "write both in one form")
    if isinstance(low, datetime) and (low.tzinfo is not None or high.tzinfo is not None):
        raise at.at("low").fault("times with a zone are not answered", f"leave it out ({UTC} is one)")
    if not low < high:
        raise at.at("high").fault(f"{high} is not after the low of {low}", "write the earlier one as low")
    if step not in get_args(Step):
        raise at.at("step").fault(
            f"{step!r:.40} is no step of time", f"write one of {', '.join(get_args(Step))}"
        )
    if step == "hour" and not isinstance(low, datetime):
        raise at.at("step").fault("dates have no hours", "write low and high as times, or a longer step")
    return Times(**_shared(name, table, at), low=low, high=high, step=step)
