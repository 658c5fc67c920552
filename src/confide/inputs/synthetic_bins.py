"""Bins of the columns of compared files: public ones of a domain, or even ones over the real range."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from confide.core.arrays import Array, Ints
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.views.table import Domain, Table

MOST = 16
"""Even bins of a column of numbers."""


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
        steps = values / float(one.column.size)  # pyright: ignore[reportAttributeAccessIssue]
        there = np.isfinite(steps)
        at = np.clip(np.where(there, steps, 0.0), float(one.cuts.starts[0]), float(one.cuts.last))
        bins = one.cuts.codes(np.rint(at).astype(np.int64) if one.cuts.whole else at)
        found[one.name] = np.where(there, bins, len(one.cuts)).astype(np.int64)
    return found


def in_bins(table: Table, *others: Table, public: Mapping[str, Ints] | None = None) -> list[Table]:
    """Tables with bins as values, as a synthesiser models them: at most 16 even ones for a column of numbers.

    Args:
        table: whose range is cut, for bins that are not public: an audit by who holds the rows may look.
        others: of the same domains.
        public: bins of values, by column.
    """
    known = public or {}
    bins = [known.get(domain.name, _even(domain, table.low[:, i])) for i, domain in enumerate(table.domains)]
    domains = [_binned(domain, at) for domain, at in zip(table.domains, bins, strict=True)]
    return [
        Table.of(domains, np.stack([b[codes] for b, codes in zip(bins, one.low.T, strict=True)], axis=1))
        for one in (table, *others)
    ]


def _even(domain: Domain, codes: Array) -> Ints:
    if domain.numbers is None or len(domain) - domain.missing <= MOST:
        return np.arange(len(domain))
    numbers = domain.numbers
    held = numbers[np.unique(codes)]
    low, high = np.nanmin(held), np.nanmax(held)
    there = np.isfinite(numbers)
    share = (np.where(there, numbers, low) - low) / max(high - low, 1e-300)
    return np.where(there, np.clip((share * MOST).astype(np.int64), 0, MOST - 1), MOST)


def _binned(domain: Domain, bins: Ints) -> Domain:
    """The domain of the bins; numbers are the means of what is in them."""
    size = int(bins.max(initial=0)) + 1
    if domain.numbers is None:
        if size == len(domain):
            return domain
        return Domain(domain.name, tuple(str(i) for i in range(size)))
    there = np.isfinite(domain.numbers)
    sums = np.bincount(bins[there], domain.numbers[there], minlength=size)
    count = np.bincount(bins[there], minlength=size)
    numbers = np.divide(sums, count, out=np.full(size, np.nan), where=count > 0)
    # An empty bin between others has a number of its own too, or it would count as missing.
    gaps = np.flatnonzero(np.isnan(numbers) & (np.arange(size) < size - int((~there).any())))
    known = np.flatnonzero(np.isfinite(numbers))
    numbers[gaps] = np.interp(gaps, known, numbers[known]) if len(known) else gaps
    return Domain(domain.name, tuple(str(i) for i in range(size)), numbers, bool(np.isnan(numbers[-1])))
