"""Literals of queries, checked against the kind of the column that they are compared with."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from confide.inputs.predicates import unwrapped
from confide.releases.sql.outside import shown
from confide.releases.sql.query import Value
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import WORDS, Kind

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
LONGEST_NUMBER = 400
"""Characters of a number. The smallest float64 takes 324 digits behind the point."""
LARGEST = 2**63
"""Whole numbers are below it, above its negative, or equal to its negative."""
LIKELY = "100000"
"""In the place of a number that no column can hold."""
_EXAMPLES: dict[Kind, str] = {
    "integer": "17",
    "float": "17.5",
    "text": "'value'",
    "boolean": "true",
    "date": "'2020-01-31'",
    "timestamp": "'2020-01-31 12:00:00'",
}


def is_literal(node: exp.Expr | None) -> bool:
    """Whether this is a literal, perhaps in brackets and with a sign."""
    node = unwrapped(node)
    if isinstance(node, exp.Neg):
        node = unwrapped(node.this)
        return isinstance(node, exp.Literal) and not node.is_string
    return isinstance(node, exp.Literal | exp.Boolean | exp.Null)


def number_of(node: exp.Expr | None) -> Decimal | None:
    """The number that is written; None if this is none.

    Raises:
        QueryError: for one that is too long.
    """
    node, negative = unwrapped(node), False
    if isinstance(node, exp.Neg):
        node, negative = unwrapped(node.this), True
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    text = str(node.this)
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise QueryError(f"{text:.40} is no number that is read", "write it in digits, as in", nearest="17.5")
    number = Decimal(text)
    # A product would be rounded to 28 digits.
    return number.copy_negate() if negative else number


def value_of(node: exp.Expr, kind: Kind, name: str) -> Value:
    """A literal as a value of the kind of a column.

    Args:
        node: the literal.
        kind: of the column.
        name: of the column, for the refusal.

    Raises:
        QueryError: for null, a literal of another kind, or one outside the range of the kind.
    """
    plain = unwrapped(node)
    if isinstance(plain, exp.Null):
        raise QueryError("nothing equals null", "write", nearest=f"{name} is null")
    if kind in ("integer", "float"):
        number = number_of(node)
        if number is not None:
            return whole(number, name) if kind == "integer" else finite(number, name)
    elif kind == "boolean":
        if isinstance(plain, exp.Boolean):
            return bool(plain.this)
    elif isinstance(plain, exp.Literal) and plain.is_string:
        return _of_text(str(plain.this), kind, name)
    raise QueryError(
        f"{name} holds {WORDS[kind]}, and {shown(node)} is something else",
        "compare it with a value such as",
        nearest=_EXAMPLES[kind],
    )


def whole(number: Decimal, name: str) -> int:
    """The number as a whole number of 64 bits."""
    # The exponent is looked at first: 1e999999999 as a whole number would fill the memory.
    if number.adjusted() > 19 or not -LARGEST <= number < LARGEST:
        raise QueryError(
            f"{number:.6g} is no whole number of 64 bits",
            f"write one that {name} can have, such as",
            nearest=LIKELY,
        )
    if number != number.to_integral_value():
        below = math.floor(number)
        raise QueryError(
            f"{name} holds whole numbers, and {number:.6g} is none", f"write {below} or {below + 1} instead"
        )
    return int(number)


def finite(number: Decimal, name: str) -> float:
    """The number as the nearest float64."""
    value = float(number)
    if not math.isfinite(value):
        raise QueryError(
            f"{number:.6g} is beyond all numbers of 64 bits",
            f"write one that {name} can have, such as",
            nearest=LIKELY,
        )
    return value


def _of_text(text: str, kind: Kind, name: str) -> Value:
    if kind == "text":
        return text
    try:
        if kind == "date" and _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if kind == "timestamp" and _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise QueryError(
        f"{name} holds {WORDS[kind]}, and {text[:40]!r} is none", "write", nearest=_EXAMPLES[kind]
    )
