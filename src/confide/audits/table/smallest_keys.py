"""The fewest known columns in which a person is alone, who is alone in none, and which columns do it."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from confide.attacks.linkage.table._unique_sets import WIDEST, UniqueSets, unique_sets
from confide.audits.release import AuditedRelease
from confide.audits.table.whole import Whole, whole
from confide.core.arrays import Bools, Ints
from confide.core.language import t
from confide.report import Exhibit, Table
from confide.views.table_keys import Keys
from confide.views.table_people import mean_of_people, whose

WORK = 2**29
"""Sets of columns times rows that are looked at, at most: all sets of 12 columns of 131,072 rows."""
ALWAYS = 3
"""Sets of this many columns are looked for in every table: they are what somebody can know by heart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallestKeys:
    """In which sets of known columns each of n rows is alone.

    Args:
        sets: the minimal ones.
        most: of this many columns at most; larger ones were not looked for.
        alone: bool[n], whether a row is alone in all columns that show something of it. If not, it is alone
            in no set of any size.
    """

    sets: UniqueSets
    most: int
    alone: Bools


def largest_size(columns: int, rows: int) -> int:
    """The largest size of which all sets, and all smaller ones, can be looked at within `WORK`.

    >>> largest_size(9, 48_842), largest_size(12, 131_072), largest_size(13, 131_072), largest_size(60, 9)
    (9, 12, 6, 3)
    """
    if columns > WIDEST:
        return ALWAYS
    sets, size = 1, 0
    while size < columns and (sets := sets + comb(columns, size + 1)) * rows <= WORK:
        size += 1
    return max(size, min(ALWAYS, columns))


def keys_in(release: AuditedRelease) -> SmallestKeys | None:
    """The smallest sets of known columns in which a person is alone; None where rows are not kept.

    A range is a value of its own. A cell that says nothing makes nobody alone; what the other cells of its
    row say still can. Of somebody with several rows each row stands for itself, and is alone where nobody
    else's looks the same.
    """
    return release.once("unique sets", lambda: _keys(whole(release)))


def _keys(found: Whole | None) -> SmallestKeys | None:
    if found is None:
        return None
    seen, people = found.seen, found.seen.people
    codes: Ints = np.empty((len(seen), len(seen.names)), np.int64)
    for i, size in enumerate(seen.sizes.tolist()):
        _, codes[:, i] = np.unique(
            seen.low[:, i].astype(np.int64) * size + seen.high[:, i], return_inverse=True
        )
    sizes, hidden = codes.max(axis=0, initial=0) + 1, np.asarray(seen.suppressed)
    most = largest_size(codes.shape[1], len(codes))
    sets = unique_sets(codes, sizes, most=most, people=people, hidden=hidden)
    alone = sets.smallest > 0
    if most < codes.shape[1]:
        alone = alone_in_all(codes, sizes, hidden, people)
    return SmallestKeys(sets=sets, most=most, alone=alone)


def alone_in_all(codes: Ints, sizes: Ints, hidden: Bools, people: Ints | None) -> Bools:
    """Whether nobody else's row is the same in all columns that show something of a row, bool[n].

    >>> rows, nothing = np.array([[0, 0], [0, 1], [0, 1]]), np.zeros((3, 2), bool)
    >>> nothing[0, 1] = True
    >>> alone_in_all(rows, np.array([1, 2]), np.zeros((3, 2), bool), None).tolist()
    [True, False, False]
    >>> alone_in_all(rows, np.array([1, 2]), nothing, None).tolist()
    [False, False, False]
    """
    alone = np.zeros(len(codes), np.bool_)
    patterns, which = np.unique(hidden, axis=0, return_inverse=True)
    for i, pattern in enumerate(patterns):
        if pattern.all():
            continue  # it shows nothing
        keys = Keys.of(codes[:, ~pattern], sizes[~pattern], people=people)
        mine = which.ravel() == i
        alone[mine] = (keys.count == 1)[keys.row[mine]]
    return alone


def unique_columns(release: AuditedRelease) -> list[Exhibit]:
    """How many columns single people out, and which."""
    found, keys = whole(release), keys_in(release)
    if found is None or keys is None:
        return []
    sizes = _sizes_table(found, keys)
    return [sizes, *_columns_table(found, keys)]


def _sizes_table(found: Whole, keys: SmallestKeys) -> Exhibit:
    person, larger = whose(found.seen), keys.most + 1
    never = larger + 1
    # Somebody with several rows is singled out by the smallest key of any of them.
    smallest = np.full(found.people, never)
    of_row = np.where(keys.sets.smallest > 0, keys.sets.smallest, np.where(keys.alone, larger, never))
    np.minimum.at(smallest, person, of_row)
    rows = [
        (t("{n} columns", n=k) if k > 1 else t("1 column"), int((smallest == k).sum()))
        for k in range(1, larger)
    ]
    limit = t("Sets of any size were looked for.")
    if keys.most < len(found.known):
        rows.append((t("more than {n} columns", n=keys.most), int((smallest == larger).sum())))
        limit = t(
            "Sets of up to {most} of the {n} columns were looked for: there are too many larger ones. Who "
            "is alone in all columns, and in no set of {most}, has a larger key.",
            most=keys.most,
            n=len(found.known),
        )
    rows += [
        (t("never alone: another row is the same"), int((smallest == never).sum())),
        (t("all"), found.people),
    ]
    return Table(
        title=t("How few columns single people out"),
        reading=t(
            "The smallest number of known columns in which nobody else in the release looks so. {limit} "
            "Somebody is never alone where another person's row is the same in all known columns that show "
            "something of them.",
            limit=limit,
        ),
        head=(t("smallest key"), t("people")),
        rows=tuple(rows),
    )


def _columns_table(found: Whole, keys: SmallestKeys) -> list[Exhibit]:
    sets, d = keys.sets, len(found.known)
    some = sets.smallest > 0
    if not some.any():
        return []
    person = whose(found.seen)[some]
    share = mean_of_people(sets.share[some], None if found.seen.people is None else person)
    order = np.argsort(-share, kind="stable").tolist()
    which = t("a key") if keys.most == d else t("a key of at most {n} columns", n=keys.most)
    return [
        Table(
            title=t("Which columns single people out"),
            reading=t(
                "For each person the part of their score (SUDA) that comes from keys with this column, the "
                "mean over all who have {which}. A key of k of d columns counts (d - k) (d - k - 1) ... (d "
                "- M), here with M = {most}; a key of all columns counts 1. The parts add up to more than "
                "one, as a key has several columns.",
                which=which,
                most=min(keys.most, d - 1),
            ),
            head=(t("column"), t("mean share of the score")),
            rows=tuple((found.known[i], float(share[i])) for i in order),
            rests=(len(np.unique(person)),) * len(order),
        )
    ]
