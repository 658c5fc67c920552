"""The games of an audit of a table: who is asked about, who is held out, and in how many rounds."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.games.attribute.table import TableInference
from confide.games.linkage.singling_out import SinglingOut
from confide.games.linkage.table import TableLinkage
from confide.inputs.table import Table, TableData
from confide.mechanisms.anchors.published import Published
from confide.views.table_people import all_rows_of, one_row_each

FEWEST = 40
"""At least this number of people: half of those asked about are held out, and 20 measure a rate."""
HELD_OUT = 0.25
"""At most this share of all people are targets of one world, so that the release stays what it is."""
WORLDS = 4
"""At most this number of rounds: each attack plays in all of them."""


def linkage(held: Table, data: TableData, *, made_by: AnyMechanism | None, rng: Rng) -> TableLinkage:
    """The game "which row is theirs" on this table as it is.

    Args:
        held: says how much is known, and about how many people is asked.
        data: the same table, read.
        made_by: how a released table was made, as the adversary knows it.
        rng: for the choice of these people.

    Raises:
        DataError: if there are too few people.
    """
    targets, parts, coin = _asked(held, data, rng)
    return TableLinkage(
        mechanism=Published(),
        records=data.cells,
        known=data.known,
        targets=targets,
        knowing=held.knowing,
        parts=parts,
        released=data.released,
        absent=data.absent,
        coin=coin,
        made_by=made_by,
    )


def inference(linking: TableLinkage, secret: str, *, excluding: int = 0) -> TableInference:
    """The game "what is their secret" about the same people."""
    return TableInference(
        mechanism=linking.mechanism,
        records=linking.records,
        known=linking.known,
        secret=secret,
        targets=linking.targets,
        knowing=linking.knowing,
        parts=linking.parts,
        excluding=excluding,
        released=linking.released,
        absent=linking.absent,
        coin=linking.coin,
        made_by=linking.made_by,
    )


def singling_out(linking: TableLinkage) -> SinglingOut:
    """The game "exactly one person has this" on the same table."""
    few = None if linking.absent is None or linking.coin else linking.absent
    return SinglingOut(
        mechanism=linking.mechanism,
        records=linking.records,
        released=linking.released,
        outside=few,
        made_by=linking.made_by,
    )


def _asked(held: Table, data: TableData, rng: Rng) -> tuple[Ints, int, bool]:
    """Who is asked about, each by one row, in how many rounds, and whether a coin holds them out."""
    n = len(data.cells)
    out = np.zeros(n, np.bool_) if data.absent is None else data.absent
    # Of somebody of whom some rows are released the others make no absent person.
    away = out if data.cells.people is None else ~all_rows_of(data.cells, np.flatnonzero(~out))
    here, gone = (one_row_each(data.cells, np.flatnonzero(which), rng=rng) for which in (~out, away))
    if len(here) < FEWEST:
        raise DataError(
            f"{data.name} has {len(here)} people: give {FEWEST} or more, half of whom are held out."
        )
    if len(gone) >= FEWEST // 2:
        # There are people who are in no release: nobody need be held out.
        half = held.targets // 2
        return np.concatenate([here[:half], gone[:half]]), 1, False
    asked = here[: held.targets]
    most = max(1, int(HELD_OUT * len(here)))
    return asked, min(WORLDS, max(1, -(-len(asked) // most))), True
