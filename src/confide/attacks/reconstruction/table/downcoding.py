"""Cohen: Attacks on Deidentification's Defenses (USENIX Security 2022), downcoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.table._boxes import Boxes, Contradiction, ruled_out
from confide.core.arrays import Array, Bools, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.sentence import Sentence
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table
from confide.views.table_keys import Keys


@dataclass(frozen=True, slots=True, eq=False)
class Downcoded:
    """Cells of a release that were made finer for certain.

    Args:
        view: the release, each cell cut down to the first and the last value that are still possible.
        cells: bool[n, d], the cells for which some values of their range were ruled out.
        box: int64[n], the number of the ranges that each row was released with.
        out: for (box, column), which values were ruled out, bool[m].
    """

    view: Table
    cells: Bools
    box: Ints
    out: dict[tuple[int, int], Bools]

    @property
    def rows(self) -> Bools:
        """The rows with a finer cell, bool[n]."""
        return np.asarray(self.cells.any(axis=1))

    def possible(self, codes: Array) -> Bools:
        """Whether each of these values may stand behind its cell, bool[n, d].

        Args:
            codes: int[n, d].
        """
        found = (self.view.low <= codes) & (codes <= self.view.high)
        for (box, column), out in self.out.items():
            rows = np.flatnonzero(self.box == box)
            found[rows, column] &= ~out[codes[rows, column]]
        return found

    @property
    def remark(self) -> Sentence:
        """How many rows were refined, and in which columns most often."""
        often = np.argsort(-self.cells.sum(axis=0), kind="stable")
        named = ", ".join(self.view.names[i] for i in often[:3] if self.cells[:, i].any())
        return (
            "Of ",
            len(self.cells),
            " rows ",
            int(self.rows.sum()),
            " can be made finer for certain by those who know how the release was made",
            f" (most often in {named})." if named else ".",
        )


def downcoded(view: Table, hierarchies: Sequence[Hierarchy], *, stepwise: bool) -> Downcoded:
    """Downcoding: undo a part of a generalisation, from the fact that it generalised no more than it had to.

    The range of cells that a row is released with is its box. All rows of a class with the same value at the
    next finer level are treated the same way: they move down together, or stay together. So if there are rows
    with a box B' inside the box B of this row, this row is not among those that B' took along. Otherwise it
    would have moved where they did.

    Proof, for recoding that splits classes one level at a time (`stepwise`). Take a row r with box B, a row
    r' whose box B' is inside B, and the class where their ways part, over column c. If r moved down there,
    then the group it moved to contains B in c, so B' too: both were in one group and went together. So r'
    moved down and r stayed. If r moved down in c later on, then in c B is inside a child of the group, and
    B' is inside B: again one group. So r never did: its range in c is the class's, and its value is not in
    the child of that range that contains B'. Which column c was is not known. It is one of those in which B'
    is finer than B. So for each B': in one of these columns at least, r is outside the child that contains
    B'.

    For full-domain generalisation with suppressed rows less is true: a suppressed row is outside of each
    released box, as it would have been released with it.

    A group is ruled out if it follows from these statements, each with all of its columns but one settled.
    Whatever the rules (k, l, t), it is certain; but only if the mechanism was the one it is held for.

    Args:
        view: the release, its known columns.
        hierarchies: of its columns, in their order.
        stepwise: whether the release is made by local recoding, one level at a time; if not, by full-domain
            generalisation.

    Raises:
        KnowledgeError: if the statements contradict each other: then the release was made in another way.

    Source: Cohen 2022, sections 3 and 4, for minimal hierarchical k-anonymity; the statement on nested boxes
    is the one that top-down specialisation allows.
    """
    ends = np.concatenate([view.low, view.high], axis=1)
    keys = Keys.of(ends, np.tile(view.sizes, 2))
    d = len(view.domains)
    boxes = Boxes.of(keys.codes[:, :d], keys.codes[:, d:], hierarchies, stepwise=stepwise)
    low, high = boxes.low.copy(), boxes.high.copy()
    finer, gone = np.zeros(low.shape, np.bool_), dict[tuple[int, int], Bools]()
    for box in range(len(low)):
        inside = boxes.inside(box)
        if not len(inside):
            continue
        try:
            out = ruled_out(inside, boxes.counts(box))
        except Contradiction:
            raise KnowledgeError(
                keep(
                    "no row can have been released with the ranges of {n:,} rows, given the other ranges of "
                    "this table: it was not made by the mechanism it is held for.",
                    n=int(keys.count[box]),
                )
            ) from None
        for i in np.flatnonzero(out.any(axis=1)).tolist():
            here = out[i][boxes.blocks(box, i)]
            gone[box, i] = np.zeros(len(view.domains[i]), np.bool_)
            gone[box, i][boxes.low[box, i] + np.flatnonzero(here)] = True
            low[box, i], high[box, i] = boxes.low[box, i] + np.flatnonzero(~here)[[0, -1]]
            finer[box, i] = True
    return Downcoded(Table(view.domains, low[keys.row], high[keys.row]), finer[keys.row], keys.row, gone)
