"""Traces of the same people: whether an id in a released file means the same person as in the original."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Ints
from confide.inputs.keys import refuse_strangers
from confide.mechanisms.anonymize.coarse_traces import cells
from confide.views.traces import Traces

HOME_M = 2_000
"""Metres of the cells in which people are compared with their released traces. Noise or a coarse grid moves
a visit out of a cell of 500 m, but rarely a home out of its part of the town."""


def same_people(
    records: Traces,
    released: Traces,
    owner: Ints,
    metres: float,
    *,
    names: tuple[str, str],
    keyed: bool,
) -> bool:
    """Whether people look like themselves, by the parts of the town that they visit.

    Args:
        records: the original traces.
        released: the released traces, a person for each of their user ids.
        owner: int64[ids], the person behind each of these.
        metres: the side of a cell.
        names, keyed: as `refuse_strangers` takes them.

    Raises:
        DataError: as `refuse_strangers` raises.
    """
    part, parts = np.arange(records.places), records.places
    if records.where is not None:
        part, where = cells(records.where, metres=max(metres, HOME_M))
        parts = len(where)
    ours, theirs = (
        np.unique(whose * parts + part[t.place])
        for t, whose in ((records, records.person.astype(np.int64)), (released, owner[released.person]))
    )
    return refuse_strangers(ours, theirs, things=parts, what="place", names=names, keyed=keyed)
