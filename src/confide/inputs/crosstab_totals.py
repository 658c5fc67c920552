"""Totals under another name: a value that counts as many people as all others together is asked about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from confide.core.errors import DataError
from confide.inputs.crosstab_blocks import ReadTable
from confide.inputs.crosstab_files import Cell
from confide.inputs.crosstab_marks import Span

NAMED = 4
"""Values that a message names."""
LOOSE = 0.25
"""How much of its own count the others may leave open where some are hidden: more would fit anything."""
ENOUGH = 3
"""Sums of one part alone that make a total: two values may be as frequent once or twice by chance."""


@dataclass(slots=True)
class _Group:
    """The cells that differ in one column alone: how many people they count, and how many cells count any."""

    low: float = 0
    high: float = 0
    parts: int = 0
    cells: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def add(self, value: str, ends: tuple[float, float]) -> None:
        self.cells[value] = ends
        self.low, self.high, self.parts = self.low + ends[0], self.high + ends[1], self.parts + (ends[1] > 0)


def refuse_unnamed_totals(read: Sequence[ReadTable], told: Sequence[str], *, slack: int) -> None:
    """Refuse a value that counts as many people as all other values of its variable, in every table.

    Read as a value, a total would count everybody twice, and each cell of it would be taken for people.

    Args:
        read: the tables as they are written, without combinations that are not listed.
        told: values of which the user says that they are no totals.
        slack: how far from the true count a written one may be.

    Raises:
        DataError: with the values and the options that tell.
    """
    sure: dict[tuple[str, str], list[str]] = defaultdict(list)
    never: set[tuple[str, str]] = set()
    for one in read:
        grand = _grand(one, slack)
        for column, value, answer in _judged(one, slack):
            if answer or (column, value) in grand:
                sure[column, value].append(one.table.name)
            elif answer is False:
                never.add((column, value))
    words = {text.strip().lower() for text in told}
    found = [(key, names) for key, names in sure.items() if key not in never and key[1].lower() not in words]
    if not found:
        return
    said = "; ".join(
        f"{column}={value} in {', '.join(names[:3])}" for (column, value), names in found[:NAMED]
    )
    more = f"; and {len(found) - NAMED:,} more" * (len(found) > NAMED)
    value = found[0][0][1]
    raise DataError(
        f"a total may be read as people: {said}{more} counts as many people as all other values together. "
        f"Say --total '{value}' if it stands for all of them, or --not-total '{value}' if it is a value."
    )


def _ends(count: int | Span, slack: int) -> tuple[float, float]:
    if isinstance(count, int):
        return max(count - slack, 0), count + slack
    return count.low or 0, float("inf") if count.high is None else count.high


def _judged(one: ReadTable, slack: int) -> Iterator[tuple[str, str, bool | None]]:
    """Of each value of each column whether it is a total in this table; None where that cannot be seen."""
    for j, column in enumerate(one.table.columns):
        if any(cell.values[j] is None for cell in one.table.cells):
            # Where a total stands under its name, all others are values.
            every = dict.fromkeys(value for cell in one.table.cells if (value := cell.values[j]) is not None)
            yield from ((column, value, False) for value in every)
            continue
        groups: dict[tuple[str, tuple[str | None, ...]], _Group] = defaultdict(_Group)
        for cell, count in zip(one.table.cells, one.counts, strict=True):
            if (value := cell.values[j]) is not None:
                rest = (cell.block, (*cell.values[:j], *cell.values[j + 1 :]))
                groups[rest].add(value, _ends(count, slack))
        fits, single, wrong, there = Counter[str](), Counter[str](), set[str](), Counter[str]()
        for group in groups.values():
            for value, (low, high) in group.cells.items():
                parts = group.parts - (high > 0)
                if not parts:
                    continue  # it stands alone, as a total over everything does
                there[value] += 1
                least, most = group.low - low, group.high - high
                if low > most or high < least or high == 0:
                    wrong.add(value)
                elif most - least + high - low <= LOOSE * high:
                    (fits if parts > 1 else single)[value] += 1
        many = sum(len(group.cells) > 1 for group in groups.values())
        for value in dict.fromkeys(value for group in groups.values() for value in group.cells):
            # A table may lack the sum of its sums, but a total stands beside nearly every sum.
            complete = there[value] >= many - (many > 2)
            if not there[value]:
                yield column, value, None
            elif value in wrong or not complete:
                yield column, value, False
            else:
                # Of two values that are equally frequent everywhere the last one written is asked about.
                last = fits[value] > 0 or value == next(reversed(next(iter(groups.values())).cells))
                enough = fits[value] > 0 or single[value] >= ENOUGH
                yield column, value, True if last and enough else None


def _grand(one: ReadTable, slack: int) -> set[tuple[str, str]]:
    """The values of a last row that counts all people: they stand nowhere else in the table."""
    blocks: dict[str, list[tuple[Cell, tuple[float, float]]]] = defaultdict(list)
    for cell, count in zip(one.table.cells, one.counts, strict=True):
        blocks[cell.block].append((cell, _ends(count, slack)))
    found: list[set[tuple[str, str]]] = []
    for cells in blocks.values():
        if any(None in cell.values for cell, _ in cells):
            return set()
        top, (low, high) = max(cells, key=lambda pair: pair[1][0])
        rest = [ends for cell, ends in cells if cell is not top]
        alone = all(
            sum(cell.values[j] == value for cell, _ in cells) == 1 for j, value in enumerate(top.values)
        )
        least, most = sum(a for a, _ in rest), sum(b for _, b in rest)
        fits = low <= most and high >= least and most - least + high - low <= LOOSE * high
        several = sum(b > 0 for _, b in rest) > 1
        named = {(c, v or "") for c, v in zip(one.table.columns, top.values, strict=True)}
        found.append(named if alone and fits and several and high > 0 else set())
    return set.intersection(*found) if found else set()
