"""One variable under two names: tables of counts that call it `sex` and `gender` are found, and merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from confide.core.errors import DataError
from confide.inputs.columns import listed
from confide.inputs.crosstab_files import PublishedTable
from confide.views.crosstab_sums import sources, sums
from confide.views.crosstabs import Crosstabs as View

NAMED = 4
"""Pairs that a message names."""


def merged(tables: Sequence[PublishedTable], same: Sequence[str]) -> list[PublishedTable]:
    """The tables, with each variable under one name.

    Args:
        same: what the user says, as `sex=gender`: the second name becomes the first.

    Raises:
        DataError: for names that no table has, two of one table, or values of which none is in both.
    """
    made = list(tables)
    for text in same:
        kept, other = _two(text, "=", {c for t in made for c in t.columns}, "--same")
        both = next((t.name for t in made if {kept, other} <= set(t.columns)), None)
        if both is not None:
            raise DataError(f"--same {text}: {both} has both as columns, so they are two variables.")
        if not _values(made, kept) & _values(made, other):
            raise DataError(
                f"--same {text}: {kept} has the values {listed(sorted(_values(made, kept)))}, {other} has "
                f"{listed(sorted(_values(made, other)))}: write them the same way in all tables."
            )
        made = [replace(t, columns=tuple(kept if c == other else c for c in t.columns)) for t in made]
    return made


def refuse_one_variable_twice(
    blocks: Mapping[str, View], tables: Sequence[PublishedTable], different: Sequence[str]
) -> None:
    """Refuse two variables of different tables that look like one.

    Read as two they link nothing: what follows from both tables together would not be proved, and the release
    would look safe. Names that differ in capitals, blanks or signs alone, the same values, and the same
    totals are such looks. Two columns of one table are two variables.

    Args:
        blocks: the tables of each block.
        tables: as they are written.
        different: what the user says, as `sex,gender`.

    Raises:
        DataError: with the pairs and the options that tell.
    """
    every = {c for t in tables for c in t.columns}
    told = {frozenset(_two(text, ",", every, "--different")) for text in different}
    told |= {frozenset(pair) for t in tables for pair in combinations(t.columns, 2)}
    found = [(pair, why) for pair, why in _alike(blocks, tables) if frozenset(pair) not in told]
    if not found:
        return
    said = "; ".join(f"{a} and {b} ({why})" for (a, b), why in found[:NAMED])
    more = f"; and {len(found) - NAMED:,} more pairs" * (len(found) > NAMED)
    (a, b), _ = found[0]
    raise DataError(
        f"one variable may stand under two names: {said}{more}. Read as two they link no tables, and the "
        f"release would look safer than it is. For each pair say --same '{a}={b}' if they are one, or "
        f"--different '{a},{b}' if they are not."
    )


def _alike(
    blocks: Mapping[str, View], tables: Sequence[PublishedTable]
) -> Iterator[tuple[tuple[str, str], str]]:
    """The pairs of names that look like one variable, and why."""
    first = next(iter(blocks.values()))
    totals = {d.name: _totals(blocks, i) for i, d in enumerate(first.domains)}
    values = {d.name: {label.casefold() for label in d.labels} for d in first.domains}
    shown = {d.name: d.labels for d in first.domains}
    for a, b in combinations(totals, 2):
        fewer, further = sorted((values[a], values[b]), key=len)
        if _bare(a) == _bare(b):
            yield (a, b), "their names differ in capitals, blanks or signs alone"
        elif fewer == further:
            yield (a, b), f"both have the values {listed(sorted(shown[a]))}"
        # Numbers are codes of anything: some of them in common say nothing.
        elif len(fewer) > 1 and fewer < further and any(c.isalpha() for text in fewer for c in text):
            yield (a, b), f"all values of one are values of the other: {listed(sorted(fewer))}"
        elif totals[a] is not None and totals[a] == totals[b]:
            yield (a, b), "their values count the same numbers of people"


def _totals(blocks: Mapping[str, View], column: int) -> tuple[tuple[int, ...], ...] | None:
    """How many people have each value, falling, of each block; None where that is not published exactly."""
    found: list[tuple[int, ...]] = []
    for view in blocks.values():
        for source in sources(view):
            each = sums(view, source, [column]) if column in source.fixed else {}
            if len(each) == len(view.domains[column]) and all(low == high for low, high in each.values()):
                found.append(tuple(sorted((low for low, _ in each.values() if low), reverse=True)))
                break
        else:
            return None
    # One value alone counts everybody, as that of any other variable would.
    return tuple(found) if any(len(each) > 1 for each in found) else None


def _two(text: str, sign: str, known: set[str], option: str) -> tuple[str, str]:
    """The two names in what the user says; a name may hold the sign too."""
    cuts = [i for i, letter in enumerate(text) if letter == sign]
    for i in cuts:
        one, two = text[:i].strip(), text[i + 1 :].strip()
        if {one, two} <= known and one != two:
            return one, two
    raise DataError(
        f"{option} {text!r:.60} does not name two variables of the tables: write two of "
        f"{listed(sorted(known))}, with {sign!r} between them."
    )


def _bare(name: str) -> str:
    """A name without what people write in different ways."""
    return "".join(c for c in name.casefold() if c.isalnum())


def _values(tables: Sequence[PublishedTable], name: str) -> set[str]:
    held = (cell.values[t.columns.index(name)] for t in tables if name in t.columns for cell in t.cells)
    return {value for value in held if value is not None}
