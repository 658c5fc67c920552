"""Two linked files in, two synthetic ones out: parents, and children given their parent, under one budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import polars as pl

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Mechanism
from confide.inputs.domain_cells import prepared
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.columns.decoding import Schema, drawn
from confide.mechanisms.synthesize.columns.two_levels import (
    Split,
    TwoLevels,
    comparable,
    split,
    with_children,
)
from confide.mechanisms.synthesize.columns.types import public_types
from confide.releases.synthesis.drawing import rows_from
from confide.releases.synthesis.synthesiser import SyntheticFile, with_rho
from confide.releases.synthesis.trial import Trial, need_small_delta
from confide.views.table import Table

SHOWN = 5
"""Rows that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedFiles:
    """Two synthetic files that belong together: the link of each child is the key of its parent.

    Args:
        parents, children: the files, each with its part of the budget.
        budget: of both together.
        apart: the share of children that do not follow from all given columns of their parent, because the
            model of children had too few of such.
    """

    parents: SyntheticFile
    children: SyntheticFile
    budget: Budget
    apart: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedRows:
    """Rows of two files that fit their domains, with no parent above the bound.

    Args:
        codes: of both.
        schemas: the types of both files.
    """

    codes: Split
    schemas: tuple[Schema, Schema]


@dataclass(frozen=True, slots=True)
class LinkedSynthesiser:
    """Two mechanisms on two levels: encode both files, synthesise parents and children, decode and link.

    *Statement.* A release is differentially private with the sum of both budgets, for one parent with all
    its children. The file of parents alone, in which a parent is one row, keeps the budget of its mechanism.

    *Proof.* By the statement of `TwoLevels` a parent with its children moves the parents' table by one row
    and the children's by at most `at_most` rows, for which the mechanisms are made; rho adds up. Which
    children belong to whom, and all rows, follow from what both released.

    Args:
        levels: the public domains, and how they are linked.
        parents: of tables of codes, for one record.
        children: for a person with `at_most` rows.
        budget: of both together.
        noise: of the choice of children, where a parent has more than the bound.
        seed: by which rows are drawn from the models.

    Raises:
        DataError: if bins are to be made by private quantiles, which is for single files.
    """

    levels: TwoLevels
    parents: Mechanism[Table]
    children: Mechanism[Table]
    budget: Budget
    noise: Noise = "secure"
    seed: int = 0

    def __post_init__(self) -> None:
        for domain in (self.levels.parents, self.levels.children):
            if domain.pending:
                raise DataError(
                    f"{domain.pending[0]!r:.60} is to have bins by private quantiles, which two linked files "
                    "do not have yet: give their number, bins = 16, or their edges."
                )

    def __call__(self, parents: pl.DataFrame, children: pl.DataFrame, *, rng: Rng) -> LinkedFiles:
        """Synthesise.

        Args:
            parents, children: with the columns of the domains, the key and the link.
            rng: of a rehearsal.

        Raises:
            DataError: if they do not fit the domains or each other.
            PromiseError: if the budget buys nothing.
        """
        return self.made(self.prepared(parents, children, rng=rng), rng=rng)

    def prepared(self, parents: pl.DataFrame, children: pl.DataFrame, *, rng: Rng) -> LinkedRows:
        """The rows that count; nothing is spent.

        Raises:
            DataError: if they do not fit the domains or each other.
        """
        above, below = prepared(parents, self.levels.parents), prepared(children, self.levels.children)
        codes = split(above, below, self.levels, noise=self.noise, rng=rng)
        if codes.left_out[1]:
            raise DataError(_orphans(above, below, self.levels))
        first = public_types(self.levels.parents, above.schema)
        second = public_types(self.levels.children, below.schema)
        trials = (
            (Trial(self.parents, self.levels.parents, first, seed=self.seed), len(parents)),
            (Trial(self.children, self.levels.children, second, seed=self.seed), len(children)),
        )
        need_small_delta(self.budget.delta, len(parents))
        for tried, records in trials:
            tried.need_signal(records)
            tried()
        types = {**second, self.levels.link: first[self.levels.key]}
        ordered = {name: types[name] for name in children.columns if name in types}
        return LinkedRows(codes=codes, schemas=(first, ordered))

    def made(self, rows: LinkedRows, *, rng: Rng) -> LinkedFiles:
        """Spend the budget, and draw both files.

        Raises:
            DataError: if a model gives hardly any row that keeps the rules.
            PromiseError: if the budget buys nothing.
        """
        first, second = rng.spawn(2)
        above = cast(Any, self.parents(rows.codes.parents, rng=first))
        below = cast(Any, self.children(rows.codes.children, rng=second))
        drawing = np.random.default_rng(self.seed)
        parents = drawn(
            rows_from(above, self.levels.parents.impossible),
            len(above.view),
            self.levels.parents,
            rng=drawing,
            schema=rows.schemas[0],
        )
        children = with_children(
            parents.frame,
            parents.codes,
            rows_from(below, self.levels.impossible_children),
            self.levels,
            rng=drawing,
            schema=rows.schemas[1],
        )
        return LinkedFiles(
            parents=SyntheticFile(
                release=above,
                budget=self.parents.budget,
                view=Table.of(self.levels.of_parents, parents.codes),
                frame=parents.frame,
                rejected=parents.rejected,
                clipped=rows.codes.clipped[0],
            ),
            children=SyntheticFile(
                release=below,
                budget=self.children.budget,
                view=Table.of(self.levels.of_children, children.codes),
                frame=children.frame,
                rejected=children.rejected,
                trimmed=rows.codes.left_out[0],
                clipped=rows.codes.clipped[1],
            ),
            budget=self.budget,
            apart=children.apart,
        )


def halves(budget: Budget, levels: TwoLevels) -> tuple[Budget, Budget, Budget]:
    """The budget of both files, with its unit, and half of its rho for each: parents, then children.

    Raises:
        PromiseError: if the budget hides something else than a parent with all its children.

    >>> from confide.mechanisms.synthesize.columns.categories import Key
    >>> from confide.mechanisms.synthesize.columns.domain import PublicDomain
    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> people = PublicDomain((Key("id"), Integer("age", 0, 99)))
    >>> stays = PublicDomain((Integer("days", 0, 9),))
    >>> levels = TwoLevels(people, stays, key="id", link="person", at_most=3)
    >>> for part in halves(Budget(1.0, 1e-9), levels):
    ...     print(f"{rho_of(part.epsilon, part.delta):.4f}", part.unit)
    0.0150 all rows of any one id, where nobody has more than 3
    0.0075 any one record
    0.0075 all rows of any one id, where nobody has more than 3
    """
    unit = Unit.person(levels.key, at_most=levels.at_most)
    if budget.unit not in (Unit.record(), unit):
        raise PromiseError(
            f"the budget hides {budget.unit}, and two linked files hide {unit}: leave out the unit."
        )
    half = with_rho(budget, rho_of(budget.epsilon, budget.delta) / 2)
    return replace(budget, unit=unit), replace(half, unit=Unit.record()), replace(half, unit=unit)


def _orphans(parents: pl.DataFrame, children: pl.DataFrame, levels: TwoLevels) -> str:
    """How many children have no parent, and which rows these are."""
    keys, links = comparable(parents[levels.key], children[levels.link])
    at = np.flatnonzero(~links.is_in(keys.implode()).to_numpy())
    first = ", ".join(f"{i + 1:,}" for i in at[:SHOWN])
    more = f" and {len(at) - SHOWN:,} more" if len(at) > SHOWN else ""
    return (
        f"{len(at):,} children have a {levels.link} that no parent has (row {first}{more}): add their "
        "parents, or leave them out."
    )
