"""Contradictions between published tables: which two cells cannot both be right."""

from __future__ import annotations

from itertools import combinations as pairs

from confide.attacks.reconstruction.crosstabs._combinations import combinations
from confide.attacks.reconstruction.crosstabs._propagation import ContradictionError, propagated
from confide.attacks.reconstruction.crosstabs._solver import System, example
from confide.core.errors import DataError
from confide.views.crosstab_sums import Source, sources, sums
from confide.views.crosstabs import Crosstab, Crosstabs


def require_consistent(view: Crosstabs, *, seconds: float = 60.0) -> None:
    """Refuse exact tables that no data set fits, and say why.

    Two cells that count the same people are compared first: a cell with the cells that add up to it, those
    of its own table before others, or with the same one in another table. Where each pair agrees and still
    no data set fits, tables are left out one after the other until the others contradict each other no more.

    Args:
        view: exact tables.
        seconds: for one question whether any data set fits.

    Raises:
        DataError: naming the two cells, or the tables.
    """
    every = list(pairs(sources(view), 2))
    # A table with a wrong total disagrees with the others too, and they are not to blame.
    for one, other in sorted(every, key=lambda pair: pair[0].number != pair[1].number):
        if (told := _apart(view, one, other)) is not None:
            itself = f"{one.table.name} contradicts itself: " if one.number == other.number else ""
            raise DataError(f"{itself}{told}: correct one of them.")
    if not _fits(view, seconds):
        named = ", ".join(table.name for table in _smallest(view, seconds))
        raise DataError(
            f"no data set fits these tables, although each two of them agree: {named} contradict each other "
            "together. Publish tables of the same people, or leave one out."
        )


def _apart(view: Crosstabs, one: Source, other: Source) -> str | None:
    """The first cell, or sum of cells, on which two sources disagree, in words."""
    shared = [i for i in one.fixed if i in other.fixed]
    mine, theirs = sums(view, one, shared), sums(view, other, shared)
    for key, (low, high) in mine.items():
        if key in theirs and (low > theirs[key][1] or high < theirs[key][0]):
            named = [
                f"{view.domains[i].name}={view.domains[i].labels[c]}"
                for i, c in zip(shared, key, strict=True)
            ]
            what = ", ".join(named) or "all people"
            first, second = (
                _counted(view, source, shared, ends)
                for source, ends in ((one, (low, high)), (other, theirs[key]))
            )
            return f"{what}: {first}, but {second}"
    return None


def _counted(view: Crosstabs, source: Source, shared: list[int], ends: tuple[int, int]) -> str:
    over = [view.domains[i].name for i in source.fixed if i not in shared]
    number = f"{ends[0]:,}" if ends[0] == ends[1] else f"{ends[0]:,} to {ends[1]:,}"
    return f"{number} in {source.table.name}" + (f" (added up over {', '.join(over)})" if over else "")


def _fits(view: Crosstabs, seconds: float) -> bool:
    """False if it is proved that no data set fits."""
    try:
        found = combinations(view)
        example(System.of(found, propagated(found)), seconds=seconds)
    except ContradictionError:
        return False
    return True


def _smallest(view: Crosstabs, seconds: float) -> list[Crosstab]:
    """Tables that contradict each other, and of which none can be left out."""
    kept = list(view.tables)
    for table in view.tables:
        rest = [other for other in kept if other is not table]
        if rest and not _fits(view.only(rest), seconds):
            kept = rest
    return kept
