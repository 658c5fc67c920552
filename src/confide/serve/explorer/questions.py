"""Questions of the page: what is counted, by which columns, of whom, and how precisely; and their SQL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

from confide.core.errors import DataError
from confide.serve.explorer.groups import MOST_GROUPS, Groups, groups_of
from confide.serve.explorer.schema import (
    Categories,
    Category,
    Map,
    Numbers,
    PublicColumn,
    PublicSchema,
    Times,
)

Measure: TypeAlias = Literal["rows", "people", "sum", "mean"]
Bound: TypeAlias = float | date | datetime
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """Rows that are counted.

    Args:
        column: that has to hold.
        among: one of these values, of a column of categories; empty for a range.
        low, high: a range from low to below high, either of them perhaps open.
    """

    column: str
    among: tuple[Category, ...] = ()
    low: Bound | None = None
    high: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of an analyst.

    Args:
        measure: rows, people, or the sum or mean of a column.
        of: this column.
        by: at most two columns that make the groups, or the two of a map.
        only: conditions, all of which hold.
        precision: that is paid for, as an epsilon: twice of it halves the error.
        map: the name of the map, if one is asked for.
        within: in the place of a precision, which is then not looked at: how far the noise may move a number.
    """

    measure: Measure = "rows"
    of: str | None = None
    by: tuple[str, ...] = ()
    only: tuple[Only, ...] = ()
    precision: Decimal
    map: str | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as the engine takes it.

    Args:
        text: SQL of the certified subset.
        keys: of each group column all that are answered.
        precision: that is paid for.
    """

    text: str
    keys: Mapping[str, Sequence[Category | None]]
    precision: Decimal


@dataclass(frozen=True, slots=True)
class Asking:
    """Reads and writes questions about one table.

    Args:
        schema: that is public.
        table: its name in queries.
        unit: the person's column; None if each row is another person.
        bins: names under which bins are asked for.
    """

    schema: PublicSchema
    table: str
    unit: str | None
    bins: Mapping[str, str]

    def check(self, question: Question) -> Question:
        """The question, with the columns of its map as groups.

        Raises:
            DataError: if it asks for what the schema does not have.
        """
        if question.map is not None:
            where = named(self.schema.maps, question.map, "map")
            question = _with_map(question, where)
        if question.measure in ("sum", "mean"):
            named(self.schema.numbers, question.of or "", "column of numbers")
        elif question.of is not None:
            raise DataError(f"{question.measure} are counted of no column: leave {question.of!r:.60} out.")
        if question.within is not None and not 0 < question.within < math.inf:
            raise DataError(f"{question.within} is no error to be borne: give a number above 0.")
        if question.measure == "people" and self.unit is None:
            raise DataError("each row is another person here: ask for rows.")
        for name in question.by:
            named(self.schema.grouping, name, "column that makes groups")
        if len(set(question.by)) < len(question.by) or len(question.by) > 2:
            raise DataError("groups are made by one column, or by two different ones.")
        cells = 1
        for name in question.by:
            cells *= len(groups_of(self.schema.columns[name]).keys)
        if cells > MOST_GROUPS:
            raise DataError(
                f"{' and '.join(question.by)} make {cells:,} groups: choose columns with at most "
                f"{MOST_GROUPS:,} together."
            )
        for only in question.only:
            self._check_only(only)
        if len({only.column for only in question.only}) < len(question.only):
            raise DataError("two conditions are about one column: join them in one.")
        return question

    def asked(self, question: Question) -> Asked:
        """The question in SQL, with the keys of its groups."""
        names = {name: self.bins.get(name, name) for name in question.by}
        columns = [_quoted(names[name]) for name in question.by]
        aggregate = self._aggregate(question)
        where = " and ".join(self._condition(only) for only in question.only)
        text = f"select {', '.join([*columns, aggregate])} from {_quoted(self.table)}"
        text += f" where {where}" if where else ""
        text += f" group by {', '.join(columns)}" if columns else ""
        keys = {names[name]: groups_of(self.schema.columns[name]).keys for name in question.by}
        return Asked(text=text, keys=keys, precision=question.precision)

    def groups(self, question: Question) -> tuple[Groups, ...]:
        """The groups of each column by which is asked."""
        return tuple(groups_of(self.schema.columns[name]) for name in question.by)

    def said(self, question: Question) -> str:
        """The question in words.

        The title of a chart and of a table.
        """
        columns = self.schema.columns
        what = {"rows": "Rows", "people": "People"}.get(question.measure)
        if what is None:
            what = f"{question.measure.capitalize()} of {columns[question.of or ''].label}"
        if question.map is not None:
            by = f" on the map {self.schema.maps[question.map].label}"
        else:
            by = f" by {' and '.join(columns[n].label for n in question.by)}" if question.by else ""
        only = ", ".join(_only_said(columns[o.column], o) for o in question.only)
        return f"{what}{by}{f', where {only}' if only else ''}"

    def _check_only(self, only: Only) -> None:
        column = named(self.schema.columns, only.column, "column")
        if isinstance(column, Categories):
            if not only.among or only.low is not None or only.high is not None:
                raise DataError(f"{column.label} has categories: say which ones are counted.")
            for value in only.among:
                # By type too: in Python, True is equal to 1.
                if not any(value == v and type(value) is type(v) for v in column.values):
                    raise DataError(
                        f"{value!r:.60} is no value of {column.label}: choose one that is listed."
                    )
            return
        if only.among or (only.low is None and only.high is None):
            raise DataError(f"{column.label} has a range: say from where, to where, or both.")
        for bound in (only.low, only.high):
            if bound is not None and isinstance(bound, date) is not isinstance(column, Times):
                raise DataError(f"{bound!s:.40} is no bound of {column.label}.")
            if bound is not None and not _within(column, bound):
                raise DataError(
                    f"{bound!s:.40} is outside {column.label}: give a bound from {column.low} "
                    f"to {column.high}."
                )
        if only.low is not None and only.high is not None and not only.low < only.high:  # pyright: ignore[reportOperatorIssue]
            raise DataError(
                f"nothing of {column.label} is from {only.low} to below {only.high}: write the "
                "smaller one first."
            )

    def _aggregate(self, question: Question) -> str:
        if question.measure == "rows":
            return "count(*)"
        if question.measure == "people":
            return f"count(distinct {_quoted(self.unit or '')})"
        column = self.schema.numbers[question.of or ""]
        function = "avg" if question.measure == "mean" else "sum"
        return f"{function}(clip({_quoted(column.name)}, {_number(column.low)}, {_number(column.high)}))"

    def _condition(self, only: Only) -> str:
        name = _quoted(only.column)
        if only.among:
            column = self.schema.columns[only.column]
            assert isinstance(column, Categories)
            if len(only.among) == 1:
                return f"{name} = {_literal(only.among[0])}"
            return f"{name} in ({', '.join(_literal(v) for v in only.among)})"
        low = [] if only.low is None else [f"{name} >= {_literal(only.low)}"]
        high = [] if only.high is None else [f"{name} < {_literal(only.high)}"]
        return " and ".join([*low, *high])


def named(there: Mapping[str, T], name: str, what: str) -> T:
    """What has this name.

    Raises:
        DataError: if nothing has.
    """
    if name not in there:
        raise DataError(f"{name!r:.60} is no {what}: choose one of {', '.join(there)[:300] or 'none'}.")
    return there[name]


def _with_map(question: Question, where: Map) -> Question:
    if question.by and question.by != (where.lat, where.lon):
        raise DataError("a map has its own two columns: leave the others out.")
    return replace(question, by=(where.lat, where.lon))


def _within(column: PublicColumn, bound: Bound) -> bool:
    assert isinstance(column, Numbers | Times)
    if isinstance(column, Times) and type(bound) is not type(column.low):
        return False
    return column.low <= bound <= column.high  # pyright: ignore[reportOperatorIssue]


def _quoted(name: str) -> str:
    """A name in SQL: as it is where it may be, else in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _literal(value: Bound | Category) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    return "'" + str(value).replace("'", "''") + "'"


def _number(value: float) -> str:
    """A number as SQL reads it: whole ones without a point, since columns of whole numbers need these."""
    return str(int(value)) if float(value).is_integer() else format(Decimal(repr(value)), "f")


def _only_said(column: PublicColumn, only: Only) -> str:
    if only.among:
        return f"{column.label} is {' or '.join(str(v) for v in only.among)}"
    if only.high is None:
        return f"{column.label} is {only.low} or more"
    if only.low is None:
        return f"{column.label} is below {only.high}"
    return f"{column.label} is from {only.low} to below {only.high}"
