"""Bins of the columns of compared files, by a public domain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from confide.core.arrays import Ints
from confide.mechanisms.synthesize.columns.categories import Category
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.views.table import Table


def public_bins(domain: PublicDomain, table: Table) -> Mapping[str, Ints]:
    """The bin of each value of the columns that a public domain has bins for, int64[m] by column.

    A number outside the bounds is in the nearest bin, and a missing one in a bin of its own.

    Args:
        domain: public.
        table: whose domains hold the values.
    """
    found: dict[str, Ints] = {}
    for one in domain.modelled:
        if one.name not in table.names or one.cuts is None or one.difference is not None:
            continue
        values = table.domains[table.at(one.name)].numbers
        if values is None:
            continue
        assert not isinstance(one.column, Category)
        steps = values / float(one.column.size)
        there = np.isfinite(steps)
        at = np.clip(np.where(there, steps, 0.0), float(one.cuts.starts[0]), float(one.cuts.last))
        bins = one.cuts.codes(np.rint(at).astype(np.int64) if one.cuts.whole else at)
        found[one.name] = np.where(there, bins, len(one.cuts)).astype(np.int64)
    return found
