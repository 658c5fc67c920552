"""Columns that follow from others by a rule: computed in each row, never modelled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from confide.core.arrays import Bools
from confide.mechanisms.synthesize.columns.arithmetic import compiled
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.cells import Cells, read_cells, written
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.kinds import Date
from confide.mechanisms.synthesize.columns.looking_up import looked_up
from confide.mechanisms.synthesize.columns.rules import Derived, Lookup


def followed(
    frame: pl.DataFrame, domain: PublicDomain, types: Mapping[str, pl.DataType]
) -> tuple[pl.DataFrame, Bools]:
    """Rows with the columns that follow from others, and whether all of these are within their bounds.

    Args:
        frame: n rows of all other columns.
        domain: public.
        types: of the columns.

    Returns:
        The rows, and bool[n].
    """
    inside = np.ones(len(frame), np.bool_)
    for rule in domain.plan.derived:
        target = domain.named[rule.target]
        assert not isinstance(target, Key)
        made = computed(rule, frame, domain)
        inside &= ~made.outside
        frame = frame.with_columns(written(target, made.at, made.empty, types[rule.target]))
    return frame, inside


def computed(rule: Derived | Lookup, frame: pl.DataFrame, domain: PublicDomain) -> Cells:
    """What a rule gives in each row: empty where one of its sources is; outside where it is out of bounds."""
    target = domain.named[rule.target]
    if isinstance(rule, Lookup):
        source = domain.named[rule.source]
        assert isinstance(source, Category) and not isinstance(target, Date | Key)
        read = read_cells(source, frame[rule.source])
        kind = np.int64 if isinstance(target, Category) or target.whole else np.float64
        of_each = np.array([looked_up(target, rule.table[label]) for label in source.labels], kind)
        return Cells(of_each[read.at], read.empty, read.outside)
    assert not isinstance(target, Category | Key)
    # The first column beside it: an expression of numbers alone has one row otherwise.
    found = frame.select(pl.first().alias("row"), compiled(rule.expression, domain.named).alias("made"))[
        "made"
    ]
    empty = found.is_null().to_numpy()
    at = found.cast(pl.Float64).fill_null(float(target.ends()[0])).to_numpy()
    if target.whole:
        at = np.rint(at * target.size.denominator / target.size.numerator)
    low, high = target.ends()
    outside = ~((at >= low) & (at <= high)) & ~empty  # NaN is outside too
    at = np.clip(np.where(np.isnan(at), low, at), low, high)
    return Cells(at.astype(np.int64) if target.whole else at, empty, outside)
