"""The property that updates of a collaboration are asked for: who of clients' people and others has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Rng
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_records import TOLD, read_table_of
from confide.inputs.recorded_plan import RecordedPlan
from confide.views.records import Records

FEW_VALUES = 20
"""Values of a column that an error lists."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraitData:
    """A property of people, as the adversary knows it of others, and the referee of clients.

    Args:
        name: of the property, such as "sex=F".
        inside: the share of a client's people who have it, in updates that the adversary makes.
        people: auxiliary records, in an order that says nothing.
        has: bool[n], who of them has the property.
        truth: by client, whether somebody among its people has it; of those of whom that is known.
        about: the clients whose updates are asked, as the user named them; none for all that were seen.
        notes: what was left out, a sentence each.
    """

    name: str
    inside: float
    people: Records
    has: Bools
    truth: Mapping[str, bool]
    about: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_trait(
    held: Collaboration, run: RecordedPlan, own: Mapping[str, Records], *, rng: Rng
) -> TraitData | None:
    """Read the auxiliary records, and of which clients it is known whether their people have the property.

    Args:
        held: as the user filled it in.
        run: with what is known of it.
        own: the records of all clients, as far as the transcript holds them.
        rng: draws the order of the auxiliary records.

    Returns:
        None where no property is asked for.

    Raises:
        DataError: if the column or the value does not occur, or nobody is left.
    """
    if held.trait is None:
        return None
    records, frame = read_table_of(held.auxiliary, run, "the auxiliary records")
    if frame is None:
        raise DataError(
            "the auxiliary records do not say who has the property: give a table with its column, or "
            "(X, y, has)."
        )
    has, known = having(frame, held.trait, "the auxiliary records")
    notes: list[str] = []
    if missing := int((~known).sum()):
        notes.append(t("{n} auxiliary records do not say the property and were left out.", n=missing))
    free = known.copy()
    if own:
        # The adversary would recognise them, and the attack is about people of whom it has no record.
        used = np.concatenate([one.fingerprints() for one in own.values()])
        free &= ~np.isin(records.fingerprints(), used)
    if taken := int((known & ~free).sum()):
        notes.append(t("{n} auxiliary records are records of a client and were left out.", n=taken))
    if not (free & has).any() or not (free & ~has).any():
        raise DataError(
            f"of {int(free.sum()):,} auxiliary records that are of no client {int((free & has).sum()):,} "
            f"have {held.trait!r:.60}: give some with the property and some without it."
        )
    rows = rng.permutation(np.flatnonzero(free))
    return TraitData(
        name=held.trait,
        inside=held.inside,
        people=records.take(rows),
        has=has[rows],
        truth=_truth(held, run, own),
        about=held.clients,
        notes=tuple(notes),
    )


def having(frame: pl.DataFrame, trait: str, what: str) -> tuple[Bools, Bools]:
    """Who has a property, and of whom the table says that: bool[n] each.

    Raises:
        DataError: if there is no such column or value.

    >>> frame = pl.DataFrame({"sex": [" F", "M", None]})
    >>> [side.tolist() for side in having(frame, "sex=F", "these")]
    [[True, False, False], [True, True, False]]
    """
    if frame.columns == [TOLD]:  # beside arrays
        told = frame[TOLD].to_numpy()
        return told, np.ones_like(told)
    column, value = parted(trait)
    if column not in frame.columns:
        raise DataError(f"{what} have no column {column!r:.60}: they have {', '.join(frame.columns)[:200]}.")
    given = frame[column]
    text = given.cast(pl.String, strict=False).str.strip_chars()
    known = (given.is_not_null() & text.is_not_null() & (text != "")).fill_null(False)
    found = text == value
    number = _number(value)
    if given.dtype.is_numeric() and number is not None:  # 1 and 1.0 are one value
        found = given.cast(pl.Float64) == number
    elif given.dtype == pl.Boolean:
        found = text == value.lower()
    has = found.fill_null(False).to_numpy() & known.to_numpy()
    if not has.any():
        there = text.drop_nulls().unique(maintain_order=True).head(FEW_VALUES).to_list()
        raise DataError(
            f"nobody of {what} has {value!r:.60} in {column!r:.60}: say one of {', '.join(there)[:200]}."
        )
    return has, known.to_numpy()


def parted(trait: str) -> tuple[str, str]:
    """Column and value of a property, as it is written.

    >>> parted("sex = F")
    ('sex', 'F')
    """
    column, _, value = trait.partition("=")
    return column.strip(), value.strip()


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _truth(held: Collaboration, run: RecordedPlan, own: Mapping[str, Records]) -> dict[str, bool]:
    """Whether somebody of a client's people has the property, as far as the records of members say it."""
    if held.records is None:
        return {}
    given, frame = read_table_of(held.records, run, "the records")
    assert held.trait is not None
    column = parted(held.trait)[0]
    if frame is None or (frame.columns != [TOLD] and column not in frame.columns):
        return {}
    try:
        has, known = having(frame, held.trait, "the records")
    except DataError:  # nobody has the value: that is a truth as well
        has, known = np.zeros(len(frame), np.bool_), frame[column].is_not_null().to_numpy()
    if not own and len(held.clients) == 1:  # they are said to be those of this client
        return {held.clients[0]: bool(has.any())} if known.all() else {}
    prints, place = np.unique(given.fingerprints(), return_inverse=True)
    with_it, without = (np.bincount(place[side & known], minlength=len(prints)) > 0 for side in (has, ~has))
    found: dict[str, bool] = {}
    for name, records in own.items():
        mine = records.fingerprints()
        where = np.searchsorted(prints, mine).clip(max=len(prints) - 1)
        there = prints[where] == mine
        # Equal records of which one has it and one has not say nothing of either.
        sure, never = there & with_it[where] & ~without[where], there & without[where] & ~with_it[where]
        if sure.any():
            found[name] = True
        elif never.all():
            found[name] = False
    return found
