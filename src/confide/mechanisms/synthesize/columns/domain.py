"""The public domain of a file: its columns and rules, and the columns that a model of it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.bins import Bins
from confide.mechanisms.synthesize.columns.bounded import quantiles
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.kinds import Column, Numeric
from confide.mechanisms.synthesize.columns.labels import named_domain
from confide.mechanisms.synthesize.columns.planning import Difference, Plan, planned
from confide.mechanisms.synthesize.columns.rules import Rule
from confide.mechanisms.synthesize.columns.zeros import Zero
from confide.views.table import Domain

Edges: TypeAlias = Mapping[str, Sequence[int] | Sequence[float]]

MOST_CELLS = 2**27
"""Cells of two columns together: 1 GiB of numbers."""
MASKED = 2**22
"""Cells of a combination that is given to models as a whole; a larger one is held by drawing again."""


@dataclass(frozen=True, slots=True, eq=False)
class Modelled:
    """A column of the model.

    Args:
        name: the column, or "end - start" for a difference.
        column: of the file; the larger one of a difference.
        domain: its codes, as a table has them.
        cuts: the bins of numbers; None for categories.
        difference: the rule that it keeps, where it is a difference.
        quantiles: how many bins it is to have, where a budget is to be spent on them.
    """

    name: str
    column: Category | Numeric
    domain: Domain
    cuts: Bins | None = None
    difference: Difference | None = None
    quantiles: int | None = None

    @property
    def nulls(self) -> bool:
        """Whether the last code is an empty cell."""
        return self.column.nulls


@dataclass(frozen=True, slots=True, eq=False)
class Impossible:
    """Codes that cannot stand together.

    Args:
        columns: by position in the model, rising.
        cells: bool, one axis a column; True where a combination cannot be.
    """

    columns: tuple[int, ...]
    cells: Bools


@dataclass(frozen=True, slots=True, eq=False)
class PublicDomain:
    """What a synthetic file may hold, from public knowledge alone, and what is modelled of it.

    *Statement.* Nothing of it is read from data, so it costs nothing of a budget. Bins that are private
    quantiles, bounds and categories that a budget was spent on are released numbers when they come here.

    A column that follows from others by a rule is not modelled, but computed in each row. Of `end >= start`
    the difference is modelled in the place of `end`, so that the rule holds whatever the model is. Only what
    can be kept in neither way is kept by drawing again (`checks`).

    Args:
        columns: of the file, in its order.
        rules: between them.
        zeros: combinations that cannot be.
        dropped: columns of the file that the synthetic one does not have.
        edges: of columns of the model whose bins a budget was spent on, in steps; by name.

    Raises:
        DataError: for columns or rules that cannot be, or contradict each other.

    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> from confide.mechanisms.synthesize.columns.rules import rule_of
    >>> days = tuple(Integer(name, 0, 9, bins=10) for name in ("start", "end"))
    >>> [(m.name, len(m.domain)) for m in PublicDomain(days, (rule_of("end >= start"),)).modelled]
    [('start', 10), ('end - start', 10)]
    """

    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    zeros: tuple[Zero, ...] = ()
    dropped: tuple[str, ...] = ()
    edges: Edges = field(default_factory=dict)
    plan: Plan = field(init=False)
    modelled: tuple[Modelled, ...] = field(init=False)
    fixed: tuple[Modelled, ...] = field(init=False)
    impossible: tuple[Impossible, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = [*(c.name for c in self.columns), *self.dropped]
        if twice := [n for n in names if names.count(n) > 1]:
            raise DataError(f"the domain describes {twice[0]!r:.60} twice: describe each column once.")
        for zero in self.zeros:
            zero.check(self.named)
        named = self.named
        plan = planned(named, self.rules)
        object.__setattr__(self, "plan", plan)
        every = [_modelled(named[name], plan, named, self.edges) for name in plan.order]
        # Nothing is learnt from a column of one code, and not every model takes it.
        object.__setattr__(self, "modelled", tuple(m for m in every if len(m.domain) > 1))
        object.__setattr__(self, "fixed", tuple(m for m in every if len(m.domain) == 1))
        if not self.modelled:
            raise DataError(
                "the domain leaves nothing to model: every column is a key, follows from others or has one "
                "value or bin only. Describe a column with two values or more."
            )
        object.__setattr__(self, "impossible", (*_zeros(self), *_beyond(self)))
        for one in self.impossible:
            if one.cells.all():
                raise DataError(
                    f"no row can be: every combination of {', '.join(self._names(one.columns))} is ruled out "
                    "by zeros, or by bounds and a rule. Correct one of them."
                )

    @property
    def named(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Of the columns of the model, as a table of codes has them."""
        return tuple(one.domain for one in self.modelled)

    @property
    def checks(self) -> tuple[str, ...]:
        """The rules that are kept by drawing rows again, in words."""
        partly = {str(z) for z in self.zeros}
        return (*(c.text for c in self.plan.checks), *sorted(partly))

    @property
    def pending(self) -> tuple[str, ...]:
        """The columns of the model whose bins are yet to be made by private quantiles."""
        return tuple(m.name for m in self.modelled if m.quantiles is not None and m.name not in self.edges)

    def need_cells(self, most: int = MOST_CELLS) -> None:
        """Refuse a domain two of whose columns have more cells together than memory holds.

        Raises:
            DataError: with the columns, and the bins that would fit.
        """
        one, two = _largest(self.modelled)
        cells = len(one.domain) * len(two.domain)
        if cells <= most:
            return
        binned = [m for m in (one, two) if m.cuts is not None]
        if not binned:
            raise DataError(
                f"columns {one.name!r:.60} and {two.name!r:.60} have {len(one.domain):,} and "
                f"{len(two.domain):,} "
                f"values, {cells:,} combinations, and {most:,} fit: make groups of categories."
            )
        largest = max(binned, key=lambda m: len(m.domain))
        fit = most // max(len((two if largest is one else one).domain), 1) - largest.nulls
        if largest is one and two.cuts is not None and fit < 1:
            fit = int(most**0.5) - 1
        raise DataError(
            f"columns {one.name!r:.60} and {two.name!r:.60} have {cells:,} cells together, and {most:,} fit: "
            f"give {largest.name!r:.60} {max(fit, 1):,} bins at most, or make groups of categories."
        )

    def _names(self, columns: tuple[int, ...]) -> list[str]:
        return [self.modelled[c].name for c in columns]


def _largest(modelled: tuple[Modelled, ...]) -> tuple[Modelled, Modelled]:
    by_size = sorted(modelled, key=lambda m: -len(m.domain))
    return by_size[0], by_size[min(1, len(by_size) - 1)]


def _modelled(column: Column, plan: Plan, named: Mapping[str, Column], edges: Edges) -> Modelled:
    """A column of the model, with its bins."""
    assert not isinstance(column, Key)
    if isinstance(column, Category):
        return Modelled(column.name, column, named_domain(column.name, column, None))
    apart = plan.differences.get(column.name)
    name = column.name if apart is None else apart.name
    asked = None if apart is not None and apart.edges else quantiles(column)
    if name in edges:
        cuts = Bins.of_edges(np.asarray(edges[name]), whole=column.whole)
    elif apart is not None:
        cuts = _bins_apart(column, named[apart.lesser], apart)
    else:
        cuts = column.cuts
    domain = named_domain(name, column, cuts, apart=apart is not None)
    return Modelled(name, column, domain, cuts, apart, asked)


def _bins_apart(column: Numeric, lesser: Column, apart: Difference) -> Bins:
    """The bins of a difference: even ones, as many as its column has, unless edges are given."""
    assert not isinstance(lesser, Category | Key)
    low, high = apart.gap, int(column.ends()[1]) - int(lesser.ends()[0])
    if not apart.edges:
        return Bins.even(low, high, len(column.cuts), whole=True)
    if apart.edges[0] != low or apart.edges[-1] != high:
        raise DataError(
            f"the edges of {apart.text!r:.100} go from {apart.edges[0]} to {apart.edges[-1]}, and the "
            f"difference from {low} to {high}, in steps: begin with {low} and end with {high}."
        )
    return Bins.of_edges(np.asarray(apart.edges), whole=True)


def _zeros(domain: PublicDomain) -> Iterator[Impossible]:
    """The codes of which each value is in a combination that cannot be."""
    place = {m.name: i for i, m in enumerate(domain.modelled)}
    for zero in domain.zeros:
        if not all(name in place for name in zero.cells):
            continue  # of columns that follow from others, or of a difference: held by drawing again
        columns = tuple(sorted(place[name] for name in zero.cells))
        parts = [zero.covered(m.name, m.column, m.cuts) for m in (domain.modelled[c] for c in columns)]
        if np.prod([len(p) for p in parts], dtype=float) <= MASKED:
            yield Impossible(columns, reduce(np.logical_and.outer, parts))


def _beyond(domain: PublicDomain) -> Iterator[Impossible]:
    """Starts and differences that together are beyond the bounds of the end."""
    place = {m.name: i for i, m in enumerate(domain.modelled)}
    for m in domain.modelled:
        if m.difference is None or m.difference.lesser not in place or m.cuts is None:
            continue  # a difference of differences: held by drawing again
        start = domain.modelled[place[m.difference.lesser]]
        assert start.cuts is not None and not isinstance(m.column, Category)
        low, high = m.column.ends()
        least = np.add.outer(start.cuts.starts, m.cuts.starts)
        most = np.add.outer(start.cuts.ends, m.cuts.ends)
        cells = np.zeros((len(start.domain), len(m.domain)), np.bool_)
        cells[: least.shape[0], : least.shape[1]] = (least > high) | (most < low)
        columns = place[m.difference.lesser], place[m.name]
        if cells.any():
            yield Impossible(tuple(sorted(columns)), cells if columns[0] < columns[1] else cells.T)
