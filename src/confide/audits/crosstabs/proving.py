"""What follows from published tables for certain: whole records, hidden counts, and what may still vary."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.attacks.reconstruction.crosstabs._combinations import NO_BOUND, combinations
from confide.attacks.reconstruction.crosstabs._solver import Clock
from confide.attacks.reconstruction.crosstabs.generate_verify import Proved, proved
from confide.attacks.reconstruction.crosstabs.hidden_cells import HiddenCells, hidden_cells
from confide.attacks.reconstruction.crosstabs.solution_variability import Variability, solution_variability
from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.core.language import later, t
from confide.inputs.crosstab_people import BlockPeople
from confide.report import Proof
from confide.views.crosstab_sums import people
from confide.views.crosstabs import Crosstabs

NOISE = later("the counts carry noise, and any data set may be behind them")


@dataclass(frozen=True, slots=True, eq=False)
class BlockProofs:
    """One block: its tables, and what follows from them.

    Args:
        name: of the block; empty where there is one alone.
        view: its tables.
        found: the proved records; None where the counts carry noise.
        hidden: what follows of its hidden cells; None where there is none.
        varies: how much of a reconstruction may be wrong; None where that was not asked.
        people: how many are counted; None where the tables do not say.
    """

    name: str
    view: Crosstabs
    found: Proved | None
    hidden: HiddenCells | None
    varies: Variability | None
    people: int | None

    @property
    def records(self) -> int:
        """How many whole records are proved."""
        return 0 if self.found is None else self.found.records

    @property
    def open(self) -> Bools:
        """The combinations that were not decided, bool[N]."""
        return np.zeros(0, np.bool_) if self.found is None else ~self.found.decided

    @property
    def more(self) -> int:
        """How many further records may be provable."""
        if self.found is None or not self.open.any():
            return 0
        left = self.found.seen[self.open] - self.found.least[self.open]
        # Where no data set was found in time, nothing says less than that everybody may be provable.
        most = min(int(left.max(initial=0)), NO_BOUND) if self.people is None else self.people - self.records
        # Summed as numbers of Python: of many combinations without any bound 64 bits are not enough.
        return min(most, sum(np.minimum(left, max(most, 0)).tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Proofs:
    """All blocks of a release.

    Args:
        blocks: one or more.
        seconds: that it took.
        checked: whether the claims were held against the people behind the tables.
    """

    blocks: tuple[BlockProofs, ...]
    seconds: float
    checked: bool

    @property
    def people(self) -> int | None:
        """How many people are in the release; None where one of its blocks does not say."""
        each = [block.people for block in self.blocks]
        return None if None in each else sum(n for n in each if n is not None)

    @property
    def proof(self) -> Proof:
        """The numbers for the report."""
        return Proof(
            records=sum(block.records for block in self.blocks),
            people=self.people,
            more=sum(block.more for block in self.blocks),
            open=sum(int(block.open.sum()) for block in self.blocks),
            seconds=self.seconds,
            impossible=t(NOISE) if any(block.found is None for block in self.blocks) else "",
            checked=self.checked,
        )


def prove(
    views: Mapping[str, Crosstabs],
    true: Mapping[str, Crosstabs],
    *,
    seconds: float,
    behind: BlockPeople | None,
    derive: bool,
) -> Proofs:
    """Prove what follows from the tables of each block; a claim is made only if it holds in all data sets.

    Args:
        views: the tables of each block.
        true: the same before they were protected; they say how many people there are.
        seconds: for each of three kinds of questions, over all blocks: records, hidden cells, what may vary.
        behind: the people, against whom every claim is held; None where nobody says who they are.
        derive: whether derivations of hidden cells are written out.

    Raises:
        DataError: if a claim is wrong, which would be a fault of this program.
    """
    began, clock = time.monotonic(), Clock(3 * seconds)
    blocks: list[BlockProofs] = []
    for i, (name, view) in enumerate(views.items()):
        # What earlier blocks left over is shared by those to come.
        share = max(clock.left / (3 * (len(views) - i)), 0.05)
        least, most = people(true[name])
        blocks.append(_block(name, view, most if least == most else None, seconds=share, derive=derive))
        if behind is not None:
            _need_right(blocks[-1], true[name], behind.of(name).low)
    return Proofs(tuple(blocks), time.monotonic() - began, behind is not None)


def _block(name: str, view: Crosstabs, number: int | None, *, seconds: float, derive: bool) -> BlockProofs:
    if not view.exact:
        return BlockProofs(name, view, None, None, None, number)
    found = combinations(view)
    claims = proved(found, seconds=seconds)
    some = any(table.hidden.any() for table in view.tables)
    hidden = hidden_cells(view, seconds=seconds / 2, derive=derive) if some else None
    return BlockProofs(name, view, claims, hidden, solution_variability(found, seconds=seconds), number)


def _need_right(block: BlockProofs, true: Crosstabs, records: NDArray[np.int32]) -> None:
    """Hold every claim against the people behind the tables."""
    wrong = ""
    if block.found is not None:
        rows, often = np.unique(records, axis=0, return_counts=True)
        there = dict(zip(map(tuple, rows.tolist()), often.tolist(), strict=True))
        counts = [there.get(codes, 0) for codes in map(tuple, block.found.found.codes.tolist())]
        if (block.found.least > np.array(counts)).any():
            wrong = "a record"
    if block.hidden is not None:
        cells = np.concatenate([table.low for table in true.tables])[block.hidden.cells]
        if ((block.hidden.bounds.least > cells) | (block.hidden.bounds.most < cells)).any():
            wrong = "the bounds of a hidden cell"
    if wrong:
        raise DataError(f"{wrong} was proved and is wrong: please report this as a fault of confide.")


def records_without(views: Mapping[str, Crosstabs], table: int, *, seconds: float) -> tuple[int, int] | None:
    """How many records are proved without one table, and how many more may be; None where columns are gone.

    Args:
        views: the tables of each block.
        table: the number of the one that is left out.
        seconds: for all blocks.
    """
    clock, records, more = Clock(seconds), 0, 0
    for i, (name, view) in enumerate(views.items()):
        rest = [one for number, one in enumerate(view.tables) if number != table]
        if not rest or len({at for one in rest for at in one.columns}) < len(view.domains):
            return None
        fewer = view.only(rest)
        claims = proved(combinations(fewer), seconds=max(clock.left / (len(views) - i), 0.05))
        part = BlockProofs(name, fewer, claims, None, None, people(fewer)[1])
        records, more = records + part.records, more + part.more
    return records, more
