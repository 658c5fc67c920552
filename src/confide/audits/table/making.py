"""How a released table was made, as the adversary knows it: by its sidecar, as is said, or by its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from confide.attacks.attribute.table import LikelySecret
from confide.attacks.linkage.table import Transparency
from confide.audits.making import UNRELEASED, HowMade
from confide.audits.table.binding import bound
from confide.core.arrays import Bools, Ints
from confide.core.claims import Verifiable
from confide.core.errors import DataError
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.columns import named_rows
from confide.inputs.table import Table, TableData
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.microaggregation import Microaggregation
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.pseudonyms import Pseudonyms
from confide.mechanisms.anonymize.single_cells import SingleCells
from confide.mechanisms.anonymize.suppression import WithoutColumns, WithoutRareRows, WithoutRareValues
from confide.mechanisms.anonymize.top_bottom_coding import TopBottomCoding
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.read_back import ReadBack

COARSER = (
    FullDomain,
    LocalRecoding,
    Mondrian,
    SingleCells,
    TopBottomCoding,
    WithoutColumns,
    WithoutRareRows,
    WithoutRareValues,
)
"""What only makes cells coarser: each still stands for the value of the original."""
TRUE = (*COARSER, Published, Pseudonyms, ReadBack)
"""After these no cell holds another value than the original, whatever it is called."""
UNDOING = (Transparency, LikelySecret)
"""Attacks that undo a change of values."""
ONLY_COARSER = "Each released cell stands for the value of the original, so the table was only made coarser."


def made_of(held: Table, data: TableData, made: AnyMechanism | None) -> HowMade:
    """How the released table was made.

    Where nobody says it, the cells show whether they were only made coarser. If they hold other values, a
    real adversary may know why, and what was not found proves nothing.

    Args:
        held: the record that the user filled in.
        data: the same, read.
        made: by the sidecar or as the user says; None where neither does.

    Raises:
        DataError: for a release that contradicts what is said.
    """
    if data.released is None:
        return UNRELEASED
    moved = _moved(data)
    if made is not None:
        mechanism = bound(made, data, held)
        if held.made_by is not None:
            _refuse_contradiction(held.made_by, mechanism, data, moved)
        return HowMade(mechanism)
    share = moved.mean(axis=0)
    if not share.any():
        return HowMade(notes=(ONLY_COARSER,))
    worst = int(share.argmax())
    return HowMade(
        unexplained=f"column {data.cells.names[worst]!r} holds another value than the original for "
        f"{share[worst]:.1%} of the people"
    )


def idle(attacks: Sequence[AnyAttack], mechanism: AnyMechanism) -> tuple[AnyAttack, ...]:
    """Those of the attacks that undo a change of values, where there is none or they cannot learn it.

    They learn it by running the mechanism on its own release, which microaggregation leaves as it is.
    """
    steps = steps_of(mechanism)
    changed = [step for step in steps if not isinstance(step, TRUE)]
    if changed and not any(isinstance(step, Microaggregation) for step in steps):
        return ()
    return tuple(one for one in attacks if isinstance(one, UNDOING))


def not_undone(mechanism: AnyMechanism) -> Mapping[str, str]:
    """What no attack of an audit undoes, though a real adversary might: in a few words, and why."""
    changed = [step for step in steps_of(mechanism) if not isinstance(step, TRUE)]
    if len(changed) < 2 or not any(isinstance(step, Microaggregation) for step in changed):
        return {}
    return {
        "what undoing both of these changes tells": "Values were replaced by means of groups and "
        "changed besides. No adversary of this audit undoes both, and a real one may find more people."
    }


def _moved(data: TableData) -> Bools:
    """Which cells of the people in the release do not stand for their own value, bool[people, d]."""
    released = data.released
    assert released is not None
    here = _here(data)
    true = data.cells.low[here]
    return (true < released.low[here]) | (true > released.high[here])


def _here(data: TableData) -> Ints:
    """The people in the release."""
    return np.arange(len(data.cells)) if data.absent is None else np.flatnonzero(~data.absent)


def _refuse_contradiction(said: str, mechanism: AnyMechanism, data: TableData, moved: Bools) -> None:
    steps = steps_of(mechanism)
    if moved.any() and all(isinstance(step, COARSER) for step in steps):
        rows = np.zeros(len(data.cells), np.bool_)
        rows[_here(data)[moved.any(axis=1)]] = True
        raise DataError(
            f"--made-by says {said}, which changes no value, and the release holds other values of people in "
            f"{named_rows(pl.Series(rows))} of the records: correct it, or leave it out."
        )
    released = data.released
    assert released is not None
    if len(steps) == 1 and isinstance(steps[0], Verifiable):
        for claim in steps[0].claims(released.take(_here(data))):
            if not claim.holds:
                raise DataError(
                    f"--made-by says {said}, and it is not true of the release that {claim.text}: "
                    "correct it, or leave it out."
                )
