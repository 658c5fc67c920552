"""Next month's table under the hierarchies that were made for an earlier one: what a recipe never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.hierarchy_again import all_seen, made_again, shown, told_again, unseen
from confide.inputs.table import TableData
from confide.mechanisms.anonymize.suppression import WithoutColumns
from confide.mechanisms.in_order import steps_of
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table as Cells

SUPPRESSED = "Cells that count as missing, since the recipe does not have their value: {}."
OLDER = (
    "the recipe does not say which values of {!r} it saw, as it is of an earlier version: protect without it "
    "once, and take the new sidecar."
)
ALL = "table"
"""What a recipe says where it was kept apart, and so has all values; else it has those of the release."""


def made_told(mechanism: AnyMechanism, data: TableData, reread: Cells | None) -> dict[str, Any]:
    """What a recipe tells of hierarchies that were made, of those columns that the mechanism looks at.

    A sidecar may be published with its release. So it tells of no value that the release does not show.

    Args:
        mechanism: that made the release, bound.
        data: the table, read.
        reread: the release, as its file says it; None for a recipe with all values, for the user alone.
    """
    found = dict[str, Any]()
    for name in _used(mechanism, data):
        domain, hierarchy = data.cells.domains[data.cells.at(name)], data.hierarchies[name]
        if reread is None:
            found[name] = told_again(domain, hierarchy, all_seen(domain))
        elif name in reread.names:
            at = reread.at(name)
            seen = shown(domain, hierarchy, reread.domains[at], reread.low[:, at], reread.high[:, at])
            found[name] = told_again(domain, hierarchy, seen)
    return {"from": ALL if reread is None else "release", "columns": found}


def recipe_of(
    mechanism: AnyMechanism, data: TableData, reread: Cells | None, *, earlier: Mapping[str, Any]
) -> Mapping[str, Any]:
    """As `made_told`; under an earlier recipe with all values its own words, where those may be said.

    This month's table may lack values that it knows.
    """
    told = earlier.get("made", {})
    if reread is None and told.get("from") == ALL:
        return told
    return made_told(mechanism, data, reread)


def under_made(
    cells: Cells,
    bound: Mapping[str, Any],
    *,
    made: Sequence[str],
    table: str,
    suppress: bool,
    rows: bool = True,
) -> tuple[Cells, dict[str, Hierarchy], dict[str, Bools]]:
    """The cells under the hierarchies of a recipe, these hierarchies, and the cells that were never seen.

    Args:
        cells: as they were read, precise.
        bound: what the recipe tells.
        made: the columns whose hierarchy was made.
        table: its name.
        suppress: whether cells with values that the recipe never saw count as missing; else one is named.
        rows: whether the rows are those of the file, so that one can be named.

    Raises:
        DataError: if a value was never seen and is to be named, or all of a column are such.
    """
    hierarchies, hidden = dict[str, Hierarchy](), dict[str, Bools]()
    low, domains = cells.low.copy(), list(cells.domains)
    if "made" not in bound and made:
        raise DataError(OLDER.format(made[0]))
    told: Mapping[str, Any] = bound.get("made", {})
    whole, said = told.get("from") == ALL, told.get("columns", {})
    for name in [name for name in made if name in said]:
        at = cells.at(name)
        domain = domains[at]
        gone = unseen(domain, said[name], recipe="the sidecar")
        lost = gone[low[:, at]]
        if lost.any() and not suppress:
            first = int(np.argmax(lost))
            where = f" in row {first + 1}" if rows else ""
            value = domain.labels[int(low[first, at])]
            raise DataError(
                f"{table}: column {name!r} holds {value!r:.40}{where}, which {_lacks(whole)}: "
                f"{_how(whole, rows)}, or protect without the recipe."
            )
        if lost.all():
            raise DataError(
                f"{table}: column {name!r} holds no value that the recipe has: protect without it."
            )
        domains[at], hierarchies[name], code = made_again(domain, said[name], gone)
        low[:, at] = code[low[:, at]]
        hidden |= {name: lost} if lost.any() else {}
    return Cells.of(domains, low, people=cells.people), hierarchies, hidden


def _lacks(whole: bool) -> str:
    return (
        "the recipe never saw" if whole else "the earlier release does not show, so that its sidecar lacks it"
    )


def _how(whole: bool, rows: bool) -> str:
    """What to do about a value that a recipe lacks."""
    apart = "" if whole else "give the recipe with all values that `--recipe-out` keeps apart, "
    return apart + ("suppress such cells (`--unseen suppress`)" if rows else "leave such rows out")


def data_under_made(data: TableData, bound: Mapping[str, Any], *, suppress: bool) -> TableData:
    """The table under the hierarchies of a recipe.

    Raises:
        DataError: as `under_made`.
    """
    cells, hierarchies, hidden = under_made(
        data.cells, bound, made=data.made, table=data.name, suppress=suppress
    )
    both = {name: lost | data.hidden.get(name, False) for name, lost in hidden.items()}
    return replace(
        data,
        cells=cells,
        hierarchies={**data.hierarchies, **hierarchies},
        hidden={**data.hidden, **both},
    )


def suppressed(before: TableData, after: TableData) -> tuple[str, ...]:
    """How many cells of which columns are suppressed since a recipe lacks their value, in a sentence."""
    more = {name: int(gone.sum() - np.sum(before.hidden.get(name, 0))) for name, gone in after.hidden.items()}
    named = ", ".join(f"{n:,} of {name}" for name, n in more.items() if n)
    return (SUPPRESSED.format(named),) if named else ()


def _used(mechanism: AnyMechanism, data: TableData) -> tuple[str, ...]:
    """The known columns with a made hierarchy that a step changes by all their values."""
    named = set[str]()
    for step in steps_of(mechanism):
        if not isinstance(step, WithoutColumns):
            for word in ("known", "columns"):
                named |= set(getattr(step, word, ()))
    return tuple(name for name in data.made if name in named)
