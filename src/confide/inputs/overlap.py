"""Nobody on both sides: a person counted as member and as non-member makes every rate wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.inputs.columns import named_rows
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class TwoSides:
    """Members, non-members and population with nobody on two sides, and what was set aside for that.

    Args:
        members, nonmembers, population: what is left of each.
        member_rows, nonmember_rows: int64, where those who are left stood, from 0.
        notes: what was left out, in sentences.
    """

    members: Records
    nonmembers: Records
    population: Records | None
    member_rows: Ints
    nonmember_rows: Ints
    notes: tuple[str, ...]


def remove_overlap(
    members: Records,
    nonmembers: Records,
    population: Records | None,
    *,
    allow_overlap: bool,
    name: str = "the non-members",
) -> TwoSides:
    """Keep each record on one side only.

    Exact copies within a side are kept once. A record on both sides is an error, or with
    `allow_overlap` leaves the non-members. A population record that is a member or a non-member
    leaves the population.

    Args:
        name: of the non-members in messages: the user's file.

    Raises:
        DataError: if members and non-members share records and `allow_overlap` is not set.
    """
    notes: list[str] = []
    inside, outside = members.fingerprints(), nonmembers.fingerprints()
    # Copies count once: they are one piece of evidence, and intervals take targets for independent.
    kept, rest = _once(members, "members", notes), _once(nonmembers, "non-members", notes)
    # Fingerprints of whole records, labels included: comparing all pairs of records would take too long.
    shared = np.isin(outside, inside)
    if shared.any():
        if not allow_overlap:
            raise DataError(
                f"{len(np.unique(outside[shared]))} records stand among the members and among the "
                f"non-members ({named_rows(pl.Series(shared))} of {name}): take them out of one side, or "
                "pass --allow-overlap to leave them out of the non-members."
            )
        # The non-members give way, because it is certain that a record among the members trained the model.
        notes.append(
            f"{int((rest & shared).sum())} non-members are members too and were left out of the non-members."
        )
        rest &= ~shared
    if population is not None:
        # A target in the population would calibrate itself.
        known = np.isin(population.fingerprints(), np.concatenate([inside, outside[rest]]))
        if known.any():
            population = population.take(~known)
            notes.append(
                f"{int(known.sum())} population records are members or non-members and were left out."
            )
    for side, left in (("members", kept), ("non-members", rest)):
        # With one record there is no spread, and so no interval.
        if left.sum() < 2:
            raise DataError(f"only {left.sum()} {side} are left: give at least a few hundred of each.")
    return TwoSides(
        members.take(kept),
        nonmembers.take(rest),
        population,
        np.flatnonzero(kept),
        np.flatnonzero(rest),
        tuple(notes),
    )


def _once(records: Records, side: str, notes: list[str]) -> Bools:
    first = records.first_of_each()
    if not first.all():
        notes.append(f"{int((~first).sum())} {side} repeat another one exactly and were counted once.")
    return first
