"""People in two files: a file that is given twice, and control people who are among the real ones too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools, Ints, Rng
from confide.core.errors import DataError
from confide.inputs.control_table import more_than_chance
from confide.views.table_keys import packed

CHANCE = 1e-3
"""The share of files of other people of which rows are left out, at most: that costs a few controls."""


@dataclass(frozen=True, slots=True, eq=False)
class InBoth:
    """Control people who are among the real people.

    Args:
        left_out: bool[m], the control rows that are left out.
        equal: how many control rows equal a real row.
        sure: whether that is more than chance explains, or ids say so.
    """

    left_out: Bools
    equal: int
    sure: bool


def refuse_same_file(first: tuple[str, Array], second: tuple[str, Array], sizes: Array, *, what: str) -> None:
    """Refuse a file that holds the rows of another, in whatever order: it is the same one.

    Rows of a narrow table can be the same by chance in another order. So the order counts unless most rows
    are unlike all others.

    Args:
        first, second: name and codes int[n, d] of each.
        sizes: int[d], the number of values of each column.
        what: to do, for the message.

    Raises:
        DataError: if it is.
    """
    (name, codes), (other, theirs) = first, second
    if codes.shape != theirs.shape:
        return
    word = packed(np.concatenate([codes, theirs]), sizes)
    mine, its = word[: len(codes)], word[len(codes) :]
    ordered = np.sort(mine)
    alone = len(np.unique(ordered)) > len(mine) / 2
    if np.array_equal(mine, its) or (alone and np.array_equal(ordered, np.sort(its))):
        raise DataError(f"{other} holds the same rows as {name}: {what}.")


def control_among_real(real: Array, control: Array, sizes: Array, *, rng: Rng) -> InBoth:
    """Which control rows to leave out, since they are people of the real file.

    Two people may have the same row by chance, the more often the commoner the row is. How often, the real
    rows show themselves (Good 1953): the next person of their kind has a row that one of them alone has as
    often as they are in pairs with one row. Only if control rows surely meet real ones more often than that
    are they the same people, and then:

    - a control row that equals a row that one real person alone has is left out, though a few are others': a
      real person who is taken for a control would make every attack look weaker than it is;
    - of those that equal a row that several real people have, as large a share is left out at random. Which
      of several equal rows goes makes no difference.

    Args:
        real: int[n, d], codes.
        control: int[m, d], codes.
        sizes: int[d], the number of values of each column.
        rng: draws those who are left out among common rows.

    >>> rows = np.arange(400)[:, None]
    >>> found = control_among_real(rows, rows[200:] + 100, np.array([600]), rng=np.random.default_rng(0))
    >>> found.equal, int(found.left_out.sum()), found.sure
    (100, 100, True)
    """
    n, m = len(real), len(control)
    _, row, count = np.unique(
        packed(np.concatenate([real, control]), sizes), return_inverse=True, return_counts=True
    )
    alike = np.bincount(row[:n], minlength=len(count))
    own, found = alike[row[:n]], alike[row[n:]]
    equal = int((found > 0).sum())
    if not more_than_chance(own, found, chance=CHANCE):
        return InBoth(np.zeros(m, np.bool_), equal, False)
    left = found == 1
    alone, paired = float((own == 1).mean()), float((own == 2).mean())
    share = 1.0 if alone <= paired else min(1.0, (float(left.mean()) - paired) / (alone - paired))
    common = np.flatnonzero(found > 1)
    many = min(len(common), round(max(0.0, share) * (1 - alone) * m))
    left[rng.choice(common, many, replace=False)] = True
    return InBoth(left, equal, True)


def control_by_ids(real: pl.Series, control: pl.Series, equal: int) -> InBoth:
    """The control rows whose id is that of a real person."""
    both: Bools = control.is_in(real.unique().implode()).to_numpy()
    return InBoth(both, equal, bool(both.any()))


def equal_rows(real: Array, control: Array, sizes: Array) -> Ints:
    """The control rows that equal some real row, int64[...], their positions."""
    word = packed(np.concatenate([real, control]), sizes)
    return np.flatnonzero(np.isin(word[len(real) :], word[: len(real)]))
