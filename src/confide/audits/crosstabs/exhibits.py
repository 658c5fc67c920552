"""Beside what is proved of published tables: by block and by table, hidden cells, and the rows themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from confide.attacks.reconstruction.crosstabs.generate_verify import GenerateThenVerify
from confide.audits.crosstabs.proving import BlockProofs, Proofs, records_without
from confide.core.language import later, number, t
from confide.inputs.crosstab_means import Means
from confide.inputs.crosstab_people import BlockPeople
from confide.mechanisms.statistics.crosstabs import recounted
from confide.report import Exhibit, Proof, Table
from confide.report.exhibits import Cell

MOST_BLOCKS = 20
"""Blocks with a row of their own."""
MOST_ROWS = 200
"""Rows and hidden cells that the report shows; exposed.csv has all rows."""
UNDECIDED = later(
    "Where further ones are not decided that is no reason: more time may prove them, so compare such a row "
    "with no other."
)
"""What rows say that ran out of time."""
READ_OFF = later(
    "The table {table} has all variables, so that each of its counts is a number of whole records: they "
    "are read off as they stand, and nothing has to be worked out. What counts there is how few people "
    "share a cell."
)
"""Why one table alone proves records."""
MOST_TABLES = 12
"""Tables that are left out in turn: each takes as long as all proofs together."""


def proof_exhibits(proofs: Proofs, *, seconds: float, behind: BlockPeople | None) -> Sequence[Exhibit]:
    """All tables beside the proofs of a release.

    Args:
        proofs: of its blocks.
        seconds: for the proofs with each table left out.
        behind: the people behind the tables, if they are given.
    """
    if proofs.proof.impossible:
        return ()
    return (
        block_table(proofs),
        *needed_tables(proofs, seconds=seconds),
        *hidden_table(proofs, behind),
        *hidden_rows(proofs),
        *proved_rows(proofs),
    )


def block_table(proofs: Proofs) -> Table:
    """How many records are proved, by block."""
    blocks = sorted(proofs.blocks, key=lambda block: -block.records)
    rows = [_block_row(block.name or t("all tables"), [block]) for block in blocks[:MOST_BLOCKS]]
    rests = [block.people or 0 for block in blocks[:MOST_BLOCKS]]
    if len(blocks) > MOST_BLOCKS:
        rows.append(_block_row(t("{n} further blocks", n=len(blocks) - MOST_BLOCKS), blocks[MOST_BLOCKS:]))
        rests.append(sum(block.people or 0 for block in blocks[MOST_BLOCKS:]))
    if len(blocks) > 1:
        rows.append(_block_row(t("all blocks"), blocks))
        rests.append(proofs.people or 0)
    view = blocks[0].view
    whole = [n for n, t in zip(view.called, view.tables, strict=True) if len(t.columns) == len(view.domains)]
    return Table(
        title=t("Records that follow for certain"),
        reading=" ".join(
            [
                t(
                    "A record is proved if every data set that fits the tables holds it; the upper end of a "
                    "share is what may be provable. It is a value of each variable of the tables. A "
                    "combination of values is not decided if neither a proof nor a data set without it was "
                    "found in time: it is not safe. The last column is about somebody who takes one data set "
                    "that fits for the true one: at most this number of its records is wrong, whatever the "
                    "truth is."
                ),
                *[t(READ_OFF, table=name) for name in whole[:1]],
            ]
        ),
        head=(t("block"), t("people"), t("records proved"), t("share"), t("not decided"), t("may be wrong")),
        rows=tuple(rows),
        rests=tuple(rests),
    )


def _block_row(name: str, blocks: Sequence[BlockProofs]) -> tuple[Cell, ...]:
    each = [block.people for block in blocks]
    people = None if None in each else sum(n for n in each if n is not None)
    records = sum(block.records for block in blocks)
    varies = [None if block.varies is None else block.varies.differ for block in blocks]
    more = sum(block.more for block in blocks)
    return (
        name,
        people,
        records,
        Proof(records=records, people=people, more=more).share if people else None,
        sum(int(block.open.sum()) for block in blocks),
        None if None in varies else sum(n for n in varies if n is not None),
    )


def needed_tables(proofs: Proofs, *, seconds: float) -> Sequence[Table]:
    """How many records are proved if one of the tables is not published."""
    tables = proofs.blocks[0].view.called
    if not 1 < len(tables) <= MOST_TABLES or not proofs.proof.records:
        return ()
    rows: list[tuple[Cell, ...]] = [(t("all tables"), proofs.proof.records, proofs.proof.more)]
    decided = [proofs.proof.more == 0]
    for i, table in enumerate(tables):
        views = {block.name: block.view for block in proofs.blocks}
        left = records_without(views, i, seconds=seconds / len(tables))
        said = (None, None) if left is None else left
        rows.append((t("without {table}", table=table), *said))
        decided.append(left is None or not left[1])
    if not any(decided[1:]):
        return ()  # numbers that time alone decided rank no table
    return (
        Table(
            title=t("Which tables it takes"),
            reading=" ".join(
                [
                    t(
                        "How many whole records are still proved if one table is left out. Where none is "
                        "given, no other table has one of its columns, so that records are shorter. A "
                        "table without which much less is proved is the one to leave out or to make "
                        "coarser."
                    ),
                    *[t(UNDECIDED)] * (not all(decided)),
                ]
            ),
            head=(t("published"), t("records proved"), t("further ones not decided")),
            rows=tuple(rows),
            of=proofs.people,
        ),
    )


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


def proved_rows(proofs: Proofs) -> Sequence[Table]:
    """The proved records."""
    frame = proved_frame(proofs)
    if not len(frame):
        return ()
    columns = [c for c in frame.columns if c not in ("attack", "people")]
    shown = frame.select(*columns, "people").head(MOST_ROWS)
    return (
        Table(
            title=t("The proved records"),
            reading=" ".join(
                [
                    t(
                        "In every data set that fits the tables this many people or more have exactly these "
                        "values. This table points at people; do not pass it on. exposed.csv has all of them."
                    ),
                    *cut(len(frame)),
                ]
            ),
            head=(*columns, t("people, at least")),
            rows=tuple((*map(str, row[:-1]), number(row[-1], ",")) for row in shown.iter_rows()),
            internal=True,
        ),
    )


def proved_frame(proofs: Proofs) -> pl.DataFrame:
    """The proved records as a frame: block, the variables, and how many people have them at least."""
    frames: list[pl.DataFrame] = []
    for block in proofs.blocks:
        if block.found is None:
            continue
        at = np.flatnonzero(block.found.least > 0)
        codes = block.found.found.codes[at]
        columns = {
            free(d.name): [d.labels[c] for c in codes[:, i].tolist()]
            for i, d in enumerate(block.view.domains)
        }
        head = {"attack": [GenerateThenVerify.name] * len(at)}
        head |= {"block": [block.name] * len(at)} if block.name else {}
        frames.append(pl.DataFrame({**head, **columns, "people": block.found.least[at]}))
    return pl.concat(frames) if frames else pl.DataFrame(schema={"attack": pl.String})


OWN = ("attack", "block", "people", "release", "releases", "change")
"""Columns of the frames of proved records that are no variables."""


def free(column: str) -> str:
    """The name of a variable, where the frame has no column of its own with it."""
    return f"{column} (variable)" if column in OWN else column


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


def cut(rows: int) -> Sequence[str]:
    """That a table shows a part, where it does."""
    shown = t("The first {shown} of {rows:,} are shown.", shown=MOST_ROWS, rows=rows)
    return (shown,) if rows > MOST_ROWS else ()
