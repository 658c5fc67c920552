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
from confide.core.language import later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.columns import named_rows
from confide.inputs.table import Table, TableData
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.correlated_noise import CorrelatedNoise
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.invariant_pram import InvariantPram
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.microaggregation import Microaggregation
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.pseudonyms import Pseudonyms
from confide.mechanisms.anonymize.single_cells import SingleCells
from confide.mechanisms.anonymize.suppression import WithoutColumns, WithoutRareRows, WithoutRareValues
from confide.mechanisms.anonymize.swapping import RankSwapping, RecordSwapping
from confide.mechanisms.anonymize.top_bottom_coding import TopBottomCoding
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.randomised_columns import EveryColumn, RandomisedColumns
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
EXCHANGES = (EveryColumn, InvariantPram, Pram, RankSwapping, RecordSwapping)
"""After these each cell holds one of its column's values."""
PRECISE = (*EXCHANGES, CorrelatedNoise, Microaggregation, Published, Pseudonyms, WithoutColumns)
"""These make no ranges or groups, and suppress no single cells."""
UNDOING = (Transparency, LikelySecret)
"""Attacks that undo a change of values."""
SURELY = 4.0
"""Standard errors by which paired rows must agree better than others. By chance 3 in 100,000 such keys do."""
ONLY_COARSER = later(
    "Each released cell stands for the value of the original, so the table was only made coarser."
)


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
        if held.made_by is None:
            _refuse_other_rows(mechanism, data, moved)
        else:
            _refuse_contradiction(held.made_by, mechanism, data, moved)
        return HowMade(mechanism)
    share = moved.mean(axis=0)
    if not share.any():
        return HowMade(notes=(t(ONLY_COARSER),))
    if held.key is not None:
        _refuse_unfitting(data, moved)
    worst = int(share.argmax())
    return HowMade(
        unexplained=t(
            "column {column!r} holds another value than the original for {share:.1%} of the people",
            column=data.cells.names[worst],
            share=float(share[worst]),
        )
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
        t("what undoing both of these changes tells"): t(
            "Values were replaced by means of groups and changed besides. No adversary of this audit undoes "
            "both, and a real one may find more people."
        )
    }


def _moved(data: TableData, by: int = 0) -> Bools:
    """Which cells of the people in the release do not stand for their own value, bool[people, d].

    Args:
        by: look at the released row of the person this many places on.
    """
    released = data.released
    assert released is not None
    here = _here(data)
    true, row = data.cells.low[here], np.roll(here, by)
    return (true < released.low[row]) | (true > released.high[row])


def _refuse_unfitting(data: TableData, moved: Bools) -> None:
    """Refuse a key whose pairs of rows agree no better than other pairs.

    No adversary would find anybody by it. The key is wrong, or the release tells nothing of a
    row, which only who made it can know.
    """
    rows = moved.mean(axis=1)
    n = len(rows)
    # Far on: rows that stand together may be of one person, or sorted.
    others = [_moved(data, n * part // 11).mean(axis=1) for part in range(1, 11)]
    gained = np.mean(others, axis=0) - rows
    if gained.mean() > SURELY * gained.std() / np.sqrt(n):
        return
    raise DataError(
        f"by this key the release holds another value than the original in {moved.mean():.0%} of the cells, "
        "as it would if rows were paired at random: is it the key of this release, with rows counted from 1 "
        "and those of the records first? If it is, say with --made-by how the release was made."
    )


def _here(data: TableData) -> Ints:
    """The people in the release."""
    return np.arange(len(data.cells)) if data.absent is None else np.flatnonzero(~data.absent)


def _refuse_other_rows(mechanism: AnyMechanism, data: TableData, moved: Bools) -> None:
    """Refuse a key, or records, under which a release shows changed values that its sidecar rules out."""
    if moved.any() and _only_coarser(mechanism):
        raise DataError(
            "by its sidecar no value of the release was changed, and it holds other values of people in "
            f"{_rows_of(data, moved)} of the records: is it the key of this release, with rows counted from "
            "1, and are these the records that it was made from?"
        )


def keeps_values(mechanism: AnyMechanism) -> bool:
    """Whether the release of a mechanism holds no values but those of the original's columns."""
    return all(isinstance(step, EXCHANGES) for step in steps_of(mechanism))


def _refuse_ranges(said: str, mechanism: AnyMechanism, data: TableData) -> None:
    """Refuse ranges in a release by what makes none: the adversary would take them for something else."""
    steps, released = steps_of(mechanism), data.released
    assert released is not None
    if not all(isinstance(step, PRECISE) for step in steps):
        return
    here = released.take(_here(data))
    # A column that is not released may stand for every value; so may a pseudonym.
    renamed = [here.at(s.column) for s in steps if isinstance(s, Pseudonyms) and s.column in here.names]
    wide = (here.low < here.high) & ~here.suppressed.all(axis=0)
    wide[:, renamed] = False
    if not wide.any():
        return
    column = data.cells.names[int(wide.any(axis=0).argmax())]
    raise DataError(
        f"--made-by says {said}, which makes no ranges or groups, and the release shows ranges, groups or "
        f"empty cells of {column!r} for people in {_rows_of(data, wide)} of the records: say what made "
        f"these too, as in `local:10+{said}`, or leave it out."
    )


def _only_coarser(mechanism: AnyMechanism) -> bool:
    return all(isinstance(step, COARSER) for step in steps_of(mechanism))


def _rows_of(data: TableData, moved: Bools) -> str:
    """In which rows of the records a value was changed, in words."""
    rows = np.zeros(len(data.cells), np.bool_)
    rows[_here(data)[moved.any(axis=1)]] = True
    return named_rows(pl.Series(rows))


def _refuse_contradiction(said: str, mechanism: AnyMechanism, data: TableData, moved: Bools) -> None:
    steps = steps_of(mechanism)
    if moved.any() and _only_coarser(mechanism):
        raise DataError(
            f"--made-by says {said}, which changes no value, and the release holds other values of people in "
            f"{_rows_of(data, moved)} of the records: correct it, or leave it out."
        )
    _refuse_ranges(said, mechanism, data)
    released = data.released
    assert released is not None
    if len(steps) == 1 and isinstance(steps[0], Verifiable):
        here = released.take(_here(data))
        if isinstance(steps[0], WithoutColumns | RandomisedColumns):
            # A column that is not in the file is read as one that says nothing.
            says = np.flatnonzero(~np.all(here.suppressed, axis=0))
            here = here.only([here.names[i] for i in says])
        for claim in steps[0].claims(here):
            if not claim.holds:
                raise DataError(
                    f"--made-by says {said}, and it is not true of the release that {claim.text}: "
                    "correct it, or leave it out."
                )
