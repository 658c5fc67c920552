"""Conditions, values and literals of a query as syntax trees of sqlglot, the only writer of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Literal, TypeAlias

from sqlglot import exp

from confide.releases.sql.grid import Grid
from confide.releases.sql.query import (
    AllOf,
    Among,
    AnyOf,
    Clip,
    ColumnOf,
    Compare,
    Condition,
    IsNull,
    IsTrue,
    Not,
    Reference,
    Share,
    Value,
)

Dialect: TypeAlias = Literal["duckdb", "postgres", "spark"]

_COMPARED: dict[str, Callable[..., exp.Expr]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def name_of(text: str) -> exp.Identifier:
    """A name in quotes, whatever it holds."""
    return exp.to_identifier(text, quoted=True)


def column_of(column: Reference) -> exp.Expr:
    """A column in the type that its kind is compared in; the cast only ever widens, and cannot fail."""
    assert isinstance(column, ColumnOf)
    plain = exp.Column(this=name_of(column.name), table=name_of(f"t{column.table}"))
    wide = {"integer": "BIGINT", "float": "DOUBLE", "text": "TEXT"}.get(column.kind)
    return plain if wide is None else exp.cast(plain, wide)


def literal(value: Value, dialect: Dialect) -> exp.Expr:
    """A literal of the type of its kind."""
    match value:
        case bool():
            return exp.Boolean(this=value)
        case datetime():
            # What Spark calls a timestamp depends on who asks.
            kind = "TIMESTAMPNTZ" if dialect == "spark" else "TIMESTAMP"
            return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), kind)
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
        case str() if dialect == "spark":
            # Settings of Spark decide what a backslash and ${...} in a text mean; of bytes they do not.
            return exp.cast(exp.HexString(this=value.encode().hex()), "TEXT")
        case str():
            # Whether PostgreSQL takes a backslash as it is depends on a setting; in this form it does not.
            if dialect == "postgres" and "\\" in value:
                return exp.ByteString(this=value)
            return exp.Literal.string(value)
        case int():
            return _signed(str(abs(value)), value < 0)
        case float():
            # With an exponent it is a float64 at once; without it would be a decimal number first.
            text = repr(abs(value))
            text = text if "e" in text else f"{text}e0"
            # Where a setting of Spark says that it is a decimal number after all, D says that it is none.
            return _signed(f"{text}D" if dialect == "spark" else text, math.copysign(1, value) < 0)


def condition(given: Condition, dialect: Dialect) -> exp.Expr:
    """A condition, in brackets where it has parts."""
    match given:
        case AllOf(parts=parts):
            return _joined(exp.And, parts, dialect)
        case AnyOf(parts=parts):
            return _joined(exp.Or, parts, dialect)
        case Not(part=part):
            return exp.Not(this=exp.Paren(this=condition(part, dialect)))
        case IsNull(column=column):
            return exp.Is(this=column_of(column), expression=exp.Null())
        case IsTrue(column=column):
            return column_of(column)
        case Among(column=column, values=values):
            return among(column, values, dialect)
        case Compare(column=column, by=by, other=other):
            left, right = column_of(column), _side(other, dialect)
            if isinstance(other, ColumnOf) and {column.kind, other.kind} == {"integer", "float"}:
                left, right = (exp.cast(side, "DOUBLE") for side in (left, right))
            return _COMPARED[by](this=left, expression=right)


def among(column: Reference, values: Sequence[Value], dialect: Dialect) -> exp.Expr:
    """A column is one of these values."""
    return exp.In(this=column_of(column), expressions=[literal(v, dialect) for v in values])


def missing(column: ColumnOf, dialect: Dialect) -> exp.Expr:
    """Whether a row has no value: null, or NaN."""
    value = column_of(column)
    null = exp.Is(this=value, expression=exp.Null())
    if column.kind != "float":
        return null
    nan = exp.cast(exp.Literal.string("NaN"), "DOUBLE")
    return exp.Or(this=null, expression=exp.EQ(this=value.copy(), expression=nan))


def code(value: Clip, grid: Grid, dialect: Dialect) -> exp.Expr:
    """The code of a clipped column, or null where a row is left out."""
    given = exp.Null() if value.missing is None else literal(grid.code(value.missing), dialect)
    clipped = _clipped(column_of(value.column), value, dialect)
    places = _whole(clipped, grid, dialect) if grid.whole else _fractions(clipped, grid, dialect)
    return exp.Case(ifs=[exp.If(this=missing(value.column, dialect), true=given)], default=places)


def present(column: ColumnOf, dialect: Dialect) -> exp.Expr:
    """Null where a row has no value."""
    return exp.Case(ifs=[exp.If(this=missing(column, dialect), true=exp.Null())], default=literal(1, dialect))


def inside(share: Share, dialect: Dialect) -> exp.Expr:
    """1 for a value in the range, else 0; NaN is above every range."""
    bounds = {name: literal(end, dialect) for name, end in (("low", share.low), ("high", share.high))}
    held = exp.Between(this=column_of(share.column), **bounds)
    return exp.Case(ifs=[exp.If(this=held, true=literal(1, dialect))], default=literal(0, dialect))


def _clipped(x: exp.Expr, value: Clip, dialect: Dialect) -> exp.Expr:
    above = exp.Greatest(this=x, expressions=[literal(value.low, dialect)], ignore_nulls=True)
    return exp.Least(this=above, expressions=[literal(value.high, dialect)], ignore_nulls=True)


def _whole(x: exp.Expr, grid: Grid, dialect: Dialect) -> exp.Expr:
    """`(x - low + step // 2) // step + shift`, in 64 bits; the constants are added up before."""
    step, low = int(grid.step), int(grid.low)
    if step == 1:
        return _minus(x, low - grid.shift, dialect)
    places = exp.Paren(this=_minus(x, low - step // 2, dialect))
    # `typed`: both sides are whole and so is the quotient.
    if dialect != "postgres":
        return exp.IntDiv(this=places, expression=literal(step, dialect))
    return exp.Div(this=places, expression=literal(step, dialect), typed=True, safe=False)


def _minus(x: exp.Expr, number: int, dialect: Dialect) -> exp.Expr:
    if number == 0:
        return x
    return (
        exp.Add(this=x, expression=literal(-number, dialect))
        if number < 0
        else exp.Sub(this=x, expression=literal(number, dialect))
    )


def _fractions(x: exp.Expr, grid: Grid, dialect: Dialect) -> exp.Expr:
    """`floor((x - low + step / 2) * (1 / step)) + shift`, in float64 as `Grid.code` has it."""
    moved = exp.Sub(this=x, expression=exp.Paren(this=literal(grid.low, dialect)))
    half = exp.Add(this=exp.Paren(this=moved), expression=literal(grid.step / 2, dialect))
    scaled = exp.Mul(this=exp.Paren(this=half), expression=literal(1 / grid.step, dialect))
    place = exp.cast(exp.Floor(this=scaled), "BIGINT")
    return place if grid.shift == 0 else exp.Add(this=place, expression=literal(grid.shift, dialect))


def _side(other: Reference | Value, dialect: Dialect) -> exp.Expr:
    return column_of(other) if isinstance(other, ColumnOf) else literal(other, dialect)  # pyright: ignore[reportArgumentType]


def _joined(word: type[exp.Connector], parts: Sequence[Condition], dialect: Dialect) -> exp.Expr:
    written: list[exp.Expr] = [condition(part, dialect) for part in parts]
    return exp.Paren(this=reduce(lambda a, b: _word(word, a, b), written))


def _word(word: type[exp.Connector], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return word(this=left, expression=right)


def _signed(text: str, negative: bool) -> exp.Expr:
    number = exp.Literal(this=text, is_string=False)
    return exp.Paren(this=exp.Neg(this=number)) if negative else number
