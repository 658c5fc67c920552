"""Beside what is proved of published tables: by block and by table, hidden cells, and the rows themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from confide.attacks.reconstruction.crosstabs.generate_verify import GenerateThenVerify
from confide.audits.crosstabs.hidden import hidden_rows, hidden_table
from confide.audits.crosstabs.proving import BlockProofs, Proofs, records_without
from confide.audits.crosstabs.rows import MOST_ROWS, cut, free
from confide.core.language import later, number, t
from confide.inputs.crosstab_people import BlockPeople
from confide.report import Exhibit, Proof, Table
from confide.report.exhibits import Cell

MOST_BLOCKS = 20
"""Blocks with a row of their own."""
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
