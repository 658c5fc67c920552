"""Two releases of the same tables: what their differences say about people who came or left between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from confide.attacks.reconstruction.crosstabs._combinations import NO_BOUND, combinations
from confide.attacks.reconstruction.crosstabs._exact import combined
from confide.attacks.reconstruction.crosstabs._propagation import ContradictionError
from confide.attacks.reconstruction.crosstabs._released import Released, released_cells
from confide.attacks.reconstruction.crosstabs.differencing import Derivation, derived, difference
from confide.attacks.reconstruction.crosstabs.generate_verify import Proved, proved
from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.views.crosstab_sums import people
from confide.views.crosstabs import ALL, Crosstab, Crosstabs
from confide.views.table import Domain

Direction: TypeAlias = Literal["came", "left", "both"]
Pattern: TypeAlias = tuple[int, ...]
"""A code for each variable, `ALL` where a cell is a total over it."""
MOST_ASKED = 200
"""Cells at most of which a longer derivation is sought: each may take an integer program."""
WHEN = Domain("when", ("before", "changed"))
EARLIER, LATER = Domain("in the earlier release", ("yes", "no")), Domain("in the later one", ("yes", "no"))


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """What follows about the people who came or left between two releases.

    Args:
        direction: whether the tables fit if nobody left ("came"), or if nobody came ("left"). Then all claims
            are made under that assumption; "both" needs none.
        domains: the variables that a record of `found` begins with.
        found: the proved records, of those who changed and of others.
        changed: bool[N], which combinations of `found` are people who came or left.
        people: how many came or left; None where the tables do not say.
        most: how many came or left at most, counted in both releases.
    """

    direction: Direction
    domains: tuple[Domain, ...]
    found: Proved
    changed: Bools
    people: int | None
    most: int

    @property
    def least(self) -> Ints:
        """The proved counts of people who came or left, int64[N]; 0 for all other combinations."""
        return np.where(self.changed, self.found.least, 0)

    @property
    def open(self) -> Bools:
        """The combinations of people who came or left that were not decided, bool[N]."""
        return self.changed & ~self.found.decided


def between(before: Crosstabs, after: Crosstabs, *, seconds: float = 60.0) -> Between:
    """Differencing of releases: whole records of people who came or left.

    *Statement.* Let x and y be the counts of all combinations before and after. If nobody left, y = x + c
    with c >= 0, so that the difference of two tables is itself a contingency table, of those who came: all
    that holds of tables of counts holds of it, and it is a table of few people. If nobody came it is the same
    with the releases exchanged. Else x = s + l and y = s + c, with those who stayed, left and came.

    A person whose values changed is one who left and one who came.

    Args:
        before, after: exact tables over the same variables.
        seconds: for all questions.

    Raises:
        DataError: if a table carries noise, or there are too many combinations.

    Source: Denning, Denning and Schwartz 1979, for subtraction; Liu et al. 2025, for proofs.
    """
    first, last = people(before), people(after)
    known = last[0] - first[0] if first[0] == first[1] and last[0] == last[1] else None
    ways: list[tuple[Direction, Crosstabs, Crosstabs]] = [
        ("came", before, after),
        ("left", after, before),
    ]
    if known is not None and known < 0:
        ways.reverse()
    for direction, less, more in ways:
        try:
            return _grown(direction, less, more, None if known is None else abs(known), seconds=seconds)
        except ContradictionError:
            continue
    d = len(before.domains)
    # In neither release is nobody's business: no cell counts such people, and they are left out.
    view = Crosstabs(
        (*before.domains, EARLIER, LATER),
        (
            *(_flagged(table, d, 0) for table in before.tables),
            *(_flagged(table, d + 1, 0) for table in after.tables),
        ),
    )
    found = combinations(view)
    changed = found.codes[:, d] != found.codes[:, d + 1]
    most = NO_BOUND if first[1] is None or last[1] is None else first[1] + last[1]
    told = proved(found, seconds=seconds, asked=changed)
    return Between("both", before.domains, told, changed, None, most)


def _grown(
    direction: Direction, less: Crosstabs, more: Crosstabs, number: int | None, *, seconds: float
) -> Between:
    """The records of the people who are in one release and not in the other, which holds all people of it."""
    d, risen = len(less.domains), _differences(less, more)
    one, other = _cells(less), _cells(more)
    shown = all(low == high for low, high in (*one.values(), *other.values()))
    if shown and one.keys() == other.keys():
        # All counts stand in both releases: those who stayed cancel out, and nothing more is known of them.
        view = less.only(risen)
        found = combinations(view)
        changed = np.ones(len(found), np.bool_)
    else:
        parts = [_flagged(t, d, 0) for t in less.tables] + [_flagged(t, d, 1) for t in risen]
        view = Crosstabs((*less.domains, WHEN), (*parts, *more.tables))
        found = combinations(view)
        changed = found.codes[:, d] == 1
    domains = tuple(domain for domain in view.domains if domain is not WHEN)
    told = proved(found, seconds=seconds, asked=changed)
    most = number if number is not None else people(more)[1]
    return Between(direction, domains, told, changed, number, NO_BOUND if most is None else most)


def changed_cells(
    before: Crosstabs, after: Crosstabs, *, under: int = 5, seconds: float = 30.0
) -> list[Derivation]:
    """Cells that few people came to or left: each change with its derivation from published counts.

    A cell that both releases show is subtracted. Of a cell that one of them hides or lacks the change may
    follow from other cells, by adding and subtracting more of them.

    Args:
        before, after: exact tables over the same variables.
        under: changes from 1 to below this, up or down, are returned.
        seconds: for derivations of more than two terms.

    Source: Denning, Denning and Schwartz 1979.
    """
    released = _both(before, after, [])
    place = {"earlier": _shown(before, 0), "later": _shown(after, len(before))}
    every = dict.fromkeys((*_cells(after), *_cells(before)))
    found: list[Derivation] = []
    asked: list[Pattern] = []
    for at in every:
        minus, plus = place["earlier"].get(at), place["later"].get(at)
        if minus is None or plus is None:
            asked.append(at)
        elif 0 < abs(int(released.low[plus] - released.low[minus])) < under:
            found.append(difference(released, _words(before, at), plus=plus, minus=minus))
    for one in _spanned(before, after, asked[:MOST_ASKED], seconds=seconds):
        if 0 < abs(one.low) < under:
            found.append(one)
    return found


def _spanned(
    before: Crosstabs, after: Crosstabs, asked: Sequence[Pattern], *, seconds: float
) -> list[Derivation]:
    """Changes of cells that are not shown in both releases, where they follow."""
    if not asked:
        return []
    released = _both(before, after, asked)
    n, k, one = len(before) + len(after), len(asked), Fraction(1)
    among = released.published[released.published < n]
    rows = [combined([(one, released.rows[n + k + i]), (-one, released.rows[n + i])]) for i in range(k)]
    whole = [{at: int(value) for at, value in row.items()} for row in rows]
    names = [_words(before, at) for at in asked]
    try:
        told = derived(released, whole, names, among=among, seconds=seconds)
    except DataError:  # too many cells for exact sums
        return []
    return [change for change in told if change is not None and change.low == change.high]


def _both(before: Crosstabs, after: Crosstabs, asked: Sequence[Pattern]) -> Released:
    """The cells of both releases as statements; then those that are asked about, before and after."""
    d = len(before.domains)
    parts = [_flagged(table, d, 0) for table in before.tables]
    parts += [_flagged(table, d + 1, 0) for table in after.tables]
    if asked:
        codes, k = np.array(asked, np.int32).reshape(len(asked), d), len(asked)
        cells = Crosstab("asked", tuple(range(d)), codes, np.zeros(k, np.int64), np.ones(k, np.int64))
        parts += [_flagged(cells, d, 0), _flagged(cells, d + 1, 0)]
    named = [
        t("{cell} in {table}", cell=v.cell(i, j), table=table.name)
        for v in (before, after)
        for i, table in enumerate(v.tables)
        for j in range(len(table))
    ]
    released = released_cells(Crosstabs((*before.domains, EARLIER, LATER), tuple(parts)))
    return replace(released, names=(*named, *released.names[len(named) :]))


def _flagged(table: Crosstab, column: int, code: int) -> Crosstab:
    """The same cells with one more value, of a column behind all others."""
    more = np.full((len(table), 1), code, np.int32)
    return replace(table, columns=(*table.columns, column), codes=np.hstack([table.codes, more]))


def _differences(less: Crosstabs, more: Crosstabs) -> list[Crosstab]:
    """The tables of `more` less the same cells of `less`, as ranges; nothing is below zero.

    Raises:
        ContradictionError: if a cell surely fell.
    """
    there, made = _cells(less), list[Crosstab]()
    for table in more.tables:
        patterns = _patterns(table, len(more.domains))
        at = [i for i, pattern in enumerate(patterns) if pattern in there]
        ends = np.array([there[patterns[i]] for i in at], np.int64).reshape(len(at), 2)
        low, high = table.low[at] - ends[:, 1], table.high[at] - ends[:, 0]
        if (high < 0).any():
            raise ContradictionError
        if at:
            made.append(replace(table, codes=table.codes[at], low=np.maximum(low, 0), high=high))
    if not made:
        raise DataError("the two releases have no cell in common: give releases of the same tables.")
    return made


def _cells(view: Crosstabs) -> dict[Pattern, tuple[int, int]]:
    """All cells, each with the least and the greatest count that any table gives it."""
    found: dict[Pattern, tuple[int, int]] = {}
    for table in view.tables:
        ends = zip(table.low.tolist(), table.high.tolist(), strict=True)
        for pattern, (low, high) in zip(_patterns(table, len(view.domains)), ends, strict=True):
            least, most = found.get(pattern, (low, high))
            found[pattern] = max(least, low), min(most, high)
    return found


def _shown(view: Crosstabs, first: int) -> dict[Pattern, int]:
    """The numbers of the statements whose count is published, the first cell of the view having `first`."""
    found: dict[Pattern, int] = {}
    for table in view.tables:
        for i, pattern in enumerate(_patterns(table, len(view.domains))):
            if not table.hidden[i]:
                found.setdefault(pattern, first + i)
        first += len(table)
    return found


def _patterns(table: Crosstab, width: int) -> list[Pattern]:
    codes = np.full((len(table), width), ALL, np.int64)
    codes[:, list(table.columns)] = table.codes
    return [tuple(row) for row in codes.tolist()]


def _words(view: Crosstabs, pattern: Pattern) -> str:
    named = zip(view.domains, pattern, strict=True)
    return ", ".join(f"{d.name}={d.labels[code]}" for d, code in named if code != ALL) or t("all people")
