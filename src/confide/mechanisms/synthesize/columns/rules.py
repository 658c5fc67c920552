"""Rules between columns: a column that follows from others, one that is at least another, and checks."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TypeAlias

import polars as pl

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.arithmetic import check_names, compiled, range_of
from confide.mechanisms.synthesize.columns.expressions import (
    COMPARISONS,
    Arithmetic,
    Expression,
    Name,
    names,
    parsed,
)
from confide.mechanisms.synthesize.columns.kinds import Column

COMPARED = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Derived:
    """A column that is computed: `age = years(birth, 2020-12-31)`, `total = a + b`. It is not modelled.

    Args:
        target: the column.
        expression: of other columns, rounded to the step of the target.
        text: the rule as it was written.
    """

    target: str
    expression: Expression
    text: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that it follows from."""
        return names(self.expression)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column that follows from a category by a public table: `city -> state`. It is not modelled.

    Args:
        target: the column.
        source: the column that decides.
        table: a value of the source -> the value of the target, as text.
        text: the rule as it was written.
    """

    target: str
    source: str
    table: Mapping[str, str]
    text: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The column that it follows from."""
        return (self.source,)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two expressions of which one is not smaller: `end >= start`, `a + b <= c`.

    It holds where a cell of it is empty.

    Args:
        left, sign, right: the comparison.
        text: the rule as it was written.
        edges: of the bins of the difference, where both sides are columns.
    """

    left: Expression
    sign: str
    right: Expression
    text: str
    _: KW_ONLY
    edges: tuple[int, ...] = field(default=())

    @property
    def pair(self) -> tuple[str, str, int] | None:
        """The larger column, the smaller one, and the least difference in steps; None for other sides."""
        if not (isinstance(self.left, Name) and isinstance(self.right, Name)):
            return None
        ends = (self.left.name, self.right.name)
        greater, lesser = ends if self.sign in (">", ">=") else ends[::-1]
        return greater, lesser, int(self.sign in (">", "<"))

    @property
    def difference(self) -> Expression:
        """What must not be below 0."""
        ends = (self.left, self.right)
        return Arithmetic("-", *(ends if self.sign in (">", ">=") else ends[::-1]))

    def holds(self, columns: Mapping[str, Column]) -> pl.Expr:
        """Whether it holds in a row."""
        sides = compiled(self.left, columns), compiled(self.right, columns)
        return COMPARED[self.sign](*sides).fill_null(True)

    def always(self, columns: Mapping[str, Column]) -> bool | None:
        """True if it holds for all values within the bounds, False if for none of them, else None.

        Raises:
            DataError: for sides that cannot be compared.
        """
        sides = range_of(self.left, columns), range_of(self.right, columns)
        if sides[0].day != sides[1].day:
            raise DataError(
                f"the rule {self.text!r:.100} compares a day with a number: compare like with like."
            )
        gap = range_of(self.difference, columns)
        strict = self.sign in (">", "<")
        if gap.high < 0 or (strict and gap.high == 0):
            return False
        return True if gap.low > 0 or (gap.low == 0 and not strict) else None


Rule: TypeAlias = Derived | Lookup | Compared


def rule_of(text: str, *, table: Mapping[str, str] | None = None, edges: tuple[int, ...] = ()) -> Rule:
    """Read a rule.

    Args:
        text: such as `end >= start`, `age = years(birth, 2020-12-31)`, `city -> state`.
        table: of `city -> state`: each city with its state.
        edges: of `end >= start`: of the bins of the difference, in steps.

    Raises:
        DataError: for a text that is no rule.

    >>> rule_of("city -> state", table={"Boston": "MA"}).target
    'state'
    """
    said = parsed(text)
    if table is not None and said.sign != "->":
        raise DataError(f"the rule {text!r:.100} takes no table: write city -> state, or leave it out.")
    if edges and said.sign not in COMPARISONS:
        raise DataError(f"the rule {text!r:.100} takes no edges: leave them out.")
    if said.sign == "->":
        if not (isinstance(said.left, Name) and isinstance(said.right, Name)):
            raise DataError(f"the rule {text!r:.100} is between two columns: write city -> state.")
        if not table:
            raise DataError(
                f"the rule {text!r:.100} needs a public table: write {{ rule = {text!r}, table = {{ VALUE = "
                '"VALUE", ... } }, for each value of the first column that of the second.'
            )
        return Lookup(said.right.name, said.left.name, dict(table), text)
    if said.sign == "=":
        if not isinstance(said.left, Name):
            raise DataError(f"the rule {text!r:.100} does not say which column it gives: write name = ....")
        return Derived(said.left.name, said.right, text)
    return Compared(said.left, said.sign, said.right, text, edges=edges)


def check_rule(rule: Derived | Compared, columns: Mapping[str, Column]) -> None:
    """Refuse a rule that computes with what are no numbers.

    Raises:
        DataError: with the columns that are there.
    """
    sides = (rule.expression,) if isinstance(rule, Derived) else (rule.left, rule.right)
    for side in sides:
        check_names(side, columns, rule=rule.text)
