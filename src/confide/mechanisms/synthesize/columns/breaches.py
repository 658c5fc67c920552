"""How often rows break the rules of a domain: a function of the exact data, to be counted under noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Ints
from confide.mechanisms.synthesize.columns.categories import Key
from confide.mechanisms.synthesize.columns.cells import plain_type, read_cells, written
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.following import computed
from confide.mechanisms.synthesize.columns.rules import Compared
from confide.views.statistics import PersonRows

NEAR = 1e-9
"""Floats that were computed twice can differ by their rounding."""


def broken(frame: pl.DataFrame, domain: PublicDomain) -> Mapping[str, Bools]:
    """The rows that break each rule and each structural zero, bool[n], by its text.

    Cells outside the domain count as they are encoded. A rule about an empty cell is not broken, but a column
    that follows from others is empty where they are.

    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> from confide.mechanisms.synthesize.columns.rules import rule_of
    >>> days = PublicDomain(tuple(Integer(n, 0, 9) for n in ("start", "end")), (rule_of("end >= start"),))
    >>> broken(pl.DataFrame({"start": [1, 5], "end": [2, 3]}), days)
    {'end >= start': array([False,  True])}
    """
    plain = pl.DataFrame(
        [_plain(frame[c.name], domain, c.name) for c in domain.columns if not isinstance(c, Key)]
    )
    found: dict[str, Bools] = {}
    for rule in domain.rules:
        if isinstance(rule, Compared):
            found[rule.text] = ~plain.select(
                pl.first().alias("row"), rule.holds(domain.named).alias("holds")
            )["holds"].to_numpy()
            continue
        target = domain.named[rule.target]
        assert not isinstance(target, Key)
        there, made = read_cells(target, plain[rule.target]), computed(rule, plain, domain)
        same = (
            np.isclose(there.at, made.at, rtol=NEAR, atol=0)
            if there.at.dtype == np.float64
            else there.at == made.at
        )
        found[rule.text] = np.where(there.empty | made.empty, there.empty != made.empty, ~same | made.outside)
    return found | {str(zero): zero.impossible(plain, domain.named) for zero in domain.zeros}


def _plain(given: pl.Series, domain: PublicDomain, name: str) -> pl.Series:
    column = domain.named[name]
    assert not isinstance(column, Key)
    read = read_cells(column, given)
    return written(column, read.at, read.empty, plain_type(column))


def breaches(frame: pl.DataFrame, domain: PublicDomain, *, people: Ints | None = None) -> PersonRows:
    """The breaches as rows of people with the rule that each breaks, for `PrivateCounts(of="people")`.

    One person with K rows has at most K times as many breaches as there are rules: give that as `at_most`.

    Args:
        frame: the rows.
        domain: public.
        people: int64[n], whose each row is; None where a row is a person.
    """
    found = broken(frame, domain)
    whose = np.arange(len(frame)) if people is None else people
    return PersonRows(
        rows=sum(int(rows.sum()) for rows in found.values()),
        person=np.concatenate([np.zeros(0, np.int64), *[whose[rows] for rows in found.values()]]).astype(
            np.int64
        ),
        group=np.repeat(np.arange(len(found)), [int(rows.sum()) for rows in found.values()]).astype(np.int64),
        keys=tuple(found),
    )
