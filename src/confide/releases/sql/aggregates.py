"""What a query asks of each group: counts, and sums, means, variances and quantiles of clipped columns."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from confide.inputs.predicates import unwrapped
from confide.releases.sql.grid import APART, APART_SQUARED, refuse_bounds
from confide.releases.sql.literals import finite, number_of, whole
from confide.releases.sql.outside import SHAPE, shown
from confide.releases.sql.query import (
    Aggregate,
    Clip,
    ColumnOf,
    CountPeople,
    CountRows,
    OfClipped,
    Quantile,
    Share,
)
from confide.releases.sql.refusal import HIGH, LOW, QueryError
from confide.releases.sql.schema import WORDS, Column
from confide.releases.sql.scope import Scope

FUNCTIONS = ("count", "sum", "avg", "var", "stddev", "quantile")
"""That a query can ask for."""
_SAME = {
    "mean": "avg",
    "variance": "var",
    "var_samp": "var",
    "stddev_samp": "stddev",
}
"""Other names of these functions -> the name."""
_EXTREMES = {
    "min": "0.05",
    "max": "0.95",
    "median": "0.5",
}
"""Functions that show one person's value -> the quantile that comes near."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Reads what a query asks of each group.

    Args:
        scope: its tables.
        unit: the person's column; None if each row is another person.
    """

    scope: Scope
    unit: ColumnOf | None

    def aggregate(self, node: exp.Expr | None) -> Aggregate:
        """An aggregate.

        Raises:
            QueryError: for anything else, with the nearest aggregate that is answered.
        """
        if not isinstance(node, exp.Anonymous):
            text = "nothing" if node is None else shown(node)
            raise QueryError(f"{text} is neither a group column nor an aggregate", "write", nearest=SHAPE)
        name = str(node.this).lower()
        name = _SAME.get(name, name)
        arguments = list(node.expressions)
        if name == "count":
            return self._count(node, arguments)
        if name == "quantile":
            return self._quantile(node, arguments)
        if name in ("sum", "avg", "var", "stddev"):
            return self._of_clipped(name, node, arguments)
        raise self._unknown(name, node, arguments)

    def _count(self, node: exp.Expr, arguments: list[exp.Expr]) -> Aggregate:
        one = arguments[0] if len(arguments) == 1 else None
        if isinstance(one, exp.Star):
            return CountRows()
        people = "count(*)" if self.unit is None else f"count(distinct {self.scope.written(self.unit)})"
        if isinstance(one, exp.Distinct):
            columns = list(one.expressions)
            named = [self.scope.column(c) for c in columns if isinstance(c, exp.Column)]
            # The person's column of a joined table would leave out people who have no row there.
            if len(columns) == 1 and self.unit is not None and named == [self.unit]:
                return CountPeople()
            raise QueryError(f"{shown(node)} counts values, not people", "write", nearest=people)
        if isinstance(one, exp.Column):
            raise QueryError(
                f"{shown(node)} hides a condition",
                "write it out:",
                nearest=f"count(*) with where {shown(one)} is not null",
            )
        raise QueryError(f"{shown(node)} is not answered", "write", nearest="count(*)")

    def _of_clipped(self, name: str, node: exp.Expr, arguments: list[exp.Expr]) -> Aggregate:
        one = unwrapped(arguments[0]) if len(arguments) == 1 else None
        if name == "avg" and isinstance(one, exp.Between):
            return self._share(one)
        if isinstance(one, exp.Between):
            raise QueryError(
                f"{shown(node)} is no function of a condition",
                "ask for the share,",
                nearest=f"avg({shown(one)})",
            )
        if isinstance(one, exp.Distinct):
            raise QueryError(
                f"{shown(node)} depends on which values several people share",
                "write",
                nearest=self._clipped(name, None),
            )
        if not isinstance(one, exp.Anonymous) or str(one.this).lower() != "clip":
            raise self._unbounded(name, node, one)
        value = self.clip(one)
        if name in ("var", "stddev"):
            refuse_bounds(value, text=shown(node), apart=APART_SQUARED)
        for function in ("sum", "avg", "var", "stddev"):
            if name == function:
                return OfClipped(function, value)
        raise AssertionError(name)

    def _unbounded(self, name: str, node: exp.Expr, one: exp.Expr | None) -> QueryError:
        """A function without bounds: they come from the one who asks, never from the data."""
        if isinstance(one, exp.Column):
            column = self.scope.column(one)
            if refusal := self._no_numbers(column, node):
                return refusal
            return QueryError(
                f"{shown(node)} has no bounds, and they are never read from the data",
                "give bounds:",
                nearest=self._clipped(name, column),
            )
        return QueryError(f"{shown(node)} is not answered", "write", nearest=self._clipped(name, None))

    def clip(self, node: exp.Anonymous) -> Clip:
        """`clip(column, low, high)`; or `coalesce(column, value)` in its place.

        Raises:
            QueryError: for bounds that are no literals, inverted or too far apart.
        """
        arguments = list(node.expressions)
        if len(arguments) != 3:
            raise QueryError(
                f"{shown(node)} takes a column and two bounds",
                "write",
                nearest=f"clip(COLUMN, {LOW}, {HIGH})",
            )
        return self._bounded(node, arguments[0], arguments[1], arguments[2])

    def _bounded(self, node: exp.Expr, first: exp.Expr, low: exp.Expr, high: exp.Expr) -> Clip:
        given: exp.Expr | None = None
        of = unwrapped(first)
        if isinstance(of, exp.Anonymous) and str(of.this).lower() == "coalesce" and len(of.expressions) == 2:
            given = of.expressions[1]
            of = unwrapped(of.expressions[0])
        if not isinstance(of, exp.Column):
            raise QueryError(
                f"{shown(first)} is no column",
                "name one by itself, as in",
                nearest=f"clip(COLUMN, {LOW}, {HIGH})",
            )
        column = self.scope.column(of)
        if refusal := self._no_numbers(column, node):
            raise refusal
        bounds = [self._bound(one, column, node) for one in (low, high)]
        missing = None if given is None else self._bound(given, column, node)
        value = Clip(column, bounds[0], bounds[1], missing)
        if bounds[0] >= bounds[1]:
            raise QueryError(
                f"the bounds of {shown(node)} are the wrong way round or equal", "write the smaller one first"
            )
        if missing is not None and not bounds[0] <= missing <= bounds[1]:
            raise QueryError(
                f"{missing} stands for missing values outside the bounds",
                f"give a value from {bounds[0]} to {bounds[1]}",
            )
        refuse_bounds(value, text=shown(node))
        return value

    def _bound(self, node: exp.Expr, column: ColumnOf, within: exp.Expr) -> float:
        number = number_of(node)
        if number is None:
            raise QueryError(
                f"{shown(node)} in {shown(within)} is no number, and bounds are never read from the data",
                "give a public number, as in",
                nearest=self._clipped("avg", column),
            )
        return whole(number, column.name) if column.kind == "integer" else finite(number, column.name)

    def _share(self, node: exp.Between) -> Aggregate:
        column = self.scope.column(node.this) if isinstance(node.this, exp.Column) else None
        if column is None:
            raise QueryError(
                f"{shown(node)} is no range of a column",
                "write",
                nearest=f"avg(COLUMN between {LOW} and {HIGH})",
            )
        if refusal := self._no_numbers(column, node):
            raise refusal
        low, high = (self._bound(node.args[end], column, node) for end in ("low", "high"))
        if low > high:
            raise QueryError(f"no value is in {shown(node)}", "write the smaller bound first")
        return Share(column, low, high)

    def _quantile(self, node: exp.Expr, arguments: list[exp.Expr]) -> Aggregate:
        of = unwrapped(arguments[0]) if arguments else None
        column = self.scope.column(of) if isinstance(of, exp.Column) else None
        if len(arguments) != 4:
            p = shown(arguments[1]) if len(arguments) == 2 else "0.5"
            raise QueryError(
                f"{shown(node)} lacks bounds, and they are never read from the data",
                "give bounds:",
                nearest=self._quantile_of(column, p),
            )
        p = number_of(arguments[1])
        if p is None or not 0 < p < 1:
            raise QueryError(
                f"{shown(arguments[1])} is no share between 0 and 1",
                "write",
                nearest=self._quantile_of(column, "0.5"),
            )
        value = self._bounded(node, arguments[0], arguments[2], arguments[3])
        refuse_bounds(value, text=shown(node), apart=APART)
        return Quantile(value, float(p))

    def _unknown(self, name: str, node: exp.Expr, arguments: list[exp.Expr]) -> QueryError:
        one = unwrapped(arguments[0]) if arguments else None
        column = self.scope.column(one) if isinstance(one, exp.Column) else None
        if name in _EXTREMES:
            return QueryError(
                f"{shown(node)} shows one person's value"
                if name != "median"
                else f"{shown(node)} lacks bounds",
                "write",
                nearest=self._quantile_of(column, _EXTREMES[name]),
            )
        if name in ("var_pop", "stddev_pop"):
            return QueryError(
                f"{shown(node)} divides by n, and what is answered by n - 1", "write",
                nearest=self._clipped(name.removesuffix("_pop"), column),
            )  # fmt: skip
        if name in ("clip", "coalesce"):
            return QueryError(
                f"{shown(node)} shows rows one by one",
                "put it into a sum, as in",
                nearest=self._clipped("sum", column),
            )
        return QueryError(
            f"the function {name:.40} is not answered", f"use one of {', '.join(FUNCTIONS)}, as in",
            nearest=self._clipped("avg", column),
        )  # fmt: skip

    def _no_numbers(self, column: ColumnOf, node: exp.Expr) -> QueryError | None:
        if column.kind in ("integer", "float"):
            return None
        return QueryError(
            f"{shown(node)} needs numbers, and {column.name} holds {WORDS[column.kind]}",
            "count the rows of each of its values,",
            nearest=SHAPE,
        )

    def _clipped(self, name: str, column: ColumnOf | None) -> str:
        return f"{name}(clip({self._with_bounds(column)}))"

    def _quantile_of(self, column: ColumnOf | None, p: str) -> str:
        of, low, high = self._with_bounds(column).rsplit(", ", 2)
        return f"quantile({of}, {p}, {low}, {high})"

    def _with_bounds(self, column: ColumnOf | None) -> str:
        """A column and bounds: those of the schema, or words in their place."""
        if column is None or column.kind not in ("integer", "float"):
            return f"COLUMN, {LOW}, {HIGH}"
        declared = self.scope.tables[column.table].table.columns[column.name]
        low, high = _bounds(declared)
        return f"{self.scope.written(column)}, {low}, {high}"


def _bounds(column: Column) -> tuple[str, str]:
    """Public bounds as a query has them, or words in their place."""
    return (
        LOW if column.low is None else f"{column.low:g}",
        HIGH if column.high is None else f"{column.high:g}",
    )
