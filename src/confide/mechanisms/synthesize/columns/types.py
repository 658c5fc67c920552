"""Types of a synthetic file: the domain's, as far as the real file's are not public by themselves."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.cells import plain_type
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.kinds import Date, Integer, Real


def public_types(domain: PublicDomain, schema: Mapping[str, pl.DataType]) -> Mapping[str, pl.DataType]:
    """The type of each column of a synthetic file.

    How wide whole numbers are and how fine moments are is taken from the real file, whose columns say it
    whatever is in them. Nothing else: that a column of whole numbers is held as floats, or the categories of
    an enumeration, can follow from a single row.

    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> ages = PublicDomain((Integer("age", 0, 99),))
    >>> [public_types(ages, {"age": kind})["age"] for kind in (pl.Int16(), pl.Float64())]
    [Int16, Int64]
    """
    made: dict[str, pl.DataType] = {}
    for column in domain.columns:
        kind, plain = schema.get(column.name), plain_type(column)
        if isinstance(column, Key):
            made[column.name] = pl.String() if kind == pl.String else plain
        elif kind is None or isinstance(column, Category):
            made[column.name] = plain
        else:
            same = (
                (isinstance(column, Integer) and kind.is_integer())
                or (isinstance(column, Real) and kind == pl.Float32)
                or (isinstance(column, Date) and (kind == pl.Date or isinstance(kind, pl.Datetime)))
            )
            made[column.name] = kind if same else plain
    return made
