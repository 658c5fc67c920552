"""Beside the proofs on tables: what is given away of the cells that are hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.audits.crosstabs.proving import Proofs
from confide.audits.crosstabs.rows import MOST_ROWS, cut
from confide.core.language import later, number, t
from confide.inputs.crosstab_means import Means
from confide.inputs.crosstab_people import BlockPeople
from confide.mechanisms.statistics.crosstabs import recounted
from confide.report import Table
from confide.report.exhibits import Cell


def hidden_table(proofs: Proofs, behind: BlockPeople | None) -> Sequence[Table]:
    """How many hidden cells are given away by the others."""
    blocks = [block for block in proofs.blocks if block.hidden is not None]
    if not blocks:
        return ()
    parts = {"all": 0, "exact": 0, "narrowed": 0, "open": 0, "safe": 0}
    right = 0
    for block in blocks:
        hidden = block.hidden
        assert hidden is not None
        narrowed, undecided = hidden.narrowed & ~hidden.disclosed, hidden.undecided
        parts["all"] += len(hidden.cells)
        parts["exact"] += int(hidden.disclosed.sum())
        parts["narrowed"] += int(narrowed.sum())
        parts["open"] += int((undecided & ~narrowed & ~hidden.disclosed).sum())
        parts["safe"] += int((~undecided & ~narrowed & ~hidden.disclosed).sum())
        if behind is not None:
            true = recounted(block.view, behind.of(block.name))
            cells = np.concatenate([table.low for table in true.tables])[hidden.cells]
            right += int((hidden.disclosed & (hidden.bounds.least == cells)).sum())
    rows: list[tuple[Cell, ...]] = [
        (t("hidden or rounded"), number(parts["all"], ",")),
        (t("their count follows from other cells"), number(parts["exact"], ",")),
        (t("bounds are narrower than what the mark says"), number(parts["narrowed"], ",")),
        (t("not decided in time: not safe"), number(parts["open"], ",")),
        (t("nothing is learned beyond the mark"), number(parts["safe"], ",")),
    ]
    if behind is not None:
        rows.insert(2, (t("of these right, held against the people"), number(right, ",")))
    return (
        Table(
            title=t("Hidden cells"),
            reading=t(
                "What the other cells say of the cells whose count is not shown. All bounds are proofs: "
                "no data set that fits is outside them."
            ),
            head=(t("cells"), t("number")),
            rows=tuple(rows),
        ),
    )


def hidden_rows(proofs: Proofs) -> Sequence[Table]:
    """The hidden cells of which more is known than their mark says, each with the shortest derivation."""
    found: list[tuple[bool, int, tuple[Cell, ...]]] = []
    for block in proofs.blocks:
        hidden = block.hidden
        if hidden is None or all(one is None for one in hidden.derivations):
            continue
        for i in np.flatnonzero(hidden.narrowed | hidden.disclosed).tolist():
            at, why = int(hidden.cells[i]), hidden.derivations[i]
            name = _in_block(hidden.released.names[at], block.name)
            mark = _range(int(hidden.released.low[at]), int(hidden.released.high[at]))
            known = _range(int(hidden.bounds.least[i]), int(hidden.bounds.most[i]))
            told = t("by several inequalities") if why is None else why.text or t(HOW[why.how])
            # Counts that follow come first, and of these the ones that are quickly worked out.
            order = (hidden.bounds.least[i] < hidden.bounds.most[i], 1_000 if why is None else len(why.terms))
            found.append((*order, (name, mark, known, told)))
    if not found:
        return ()
    rows = [row for *_, row in sorted(found, key=lambda one: one[:2])]
    return (
        Table(
            title=t("Hidden cells that are given away"),
            reading=" ".join(
                [
                    t(
                        "What a mark says, what follows from the other cells, and the shortest way that was "
                        "found to work it out: each number in brackets is published."
                    ),
                    *cut(len(rows)),
                ]
            ),
            head=(t("cell"), t("its mark says"), t("it is"), t("because")),
            rows=tuple(rows[:MOST_ROWS]),
            internal=True,
        ),
    )


def means_rows(means: Means) -> Sequence[Table]:
    """The hidden counts that published means give away, each with the sum that says it."""
    found = sorted(means.narrowed, key=lambda one: one.known[0] < one.known[1])
    if not found:
        return ()
    rows = [
        (
            _in_block(one.cell, one.block),
            _range(*one.mark),
            _range(*one.known),
            one.why,
        )
        for one in found[:MOST_ROWS]
    ]
    return (
        Table(
            title=t("Hidden counts that means give away"),
            reading=" ".join(
                [
                    t(
                        "The mean of all people is that of the groups, each weighted by its count. All "
                        "whole counts that the marks allow were tried; those that fit the means as they "
                        "are rounded are left. All other proofs start from what is left."
                    ),
                    *cut(len(found)),
                ]
            ),
            head=(t("cell"), t("its mark says"), t("it is"), t("because")),
            rows=tuple(rows),
            internal=True,
        ),
    )


HOW = {
    "published": later("published"),
    "subtraction": later("subtraction"),
    "linear span": later("linear span"),
    "bounds": later("bounds"),
}
"""How a number follows, where no derivation is written out."""


def _in_block(cell: str, block: str) -> str:
    return t("{cell}, block {block}", cell=cell, block=block) if block else cell


def _range(low: int, high: int) -> str:
    return number(low, ",") if low == high else t("{low:,} to {high:,}", low=low, high=high)
