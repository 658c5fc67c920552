"""Nobody on both sides: a person counted as member and as non-member makes every rate wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.errors import DataError
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class TwoSides:
    """Members, non-members and population with nobody on two sides, and what was set aside for that.

    `notes` says in sentences what was left out.
    """

    members: Records
    nonmembers: Records
    population: Records | None
    notes: tuple[str, ...]


def remove_overlap(
    members: Records, nonmembers: Records, population: Records | None, *, allow_overlap: bool
) -> TwoSides:
    """Keep each record on one side only.

    Exact copies within a side are kept once. A record on both sides is an error, or with
    `allow_overlap` leaves the non-members. A population record that is a member or a non-member
    leaves the population.

    Raises:
        DataError: if members and non-members share records and `allow_overlap` is not set.
    """
    notes: list[str] = []
    # Copies count once: they are one piece of evidence, and intervals take targets for independent.
    members = _once(members, "members", notes)
    nonmembers = _once(nonmembers, "non-members", notes)
    inside = members.fingerprints()
    # Fingerprints of whole records, labels included: comparing all pairs of records would take too long.
    shared = np.isin(nonmembers.fingerprints(), inside)
    if shared.any():
        # Five are enough to find the fault by; the message stays a sentence.
        rows = ", ".join(str(i) for i in np.flatnonzero(shared)[:5])
        if not allow_overlap:
            raise DataError(
                f"{int(shared.sum())} records stand among the members and among the non-members (rows {rows} "
                "of the non-members, exact copies not counted twice): take them out of one side, or pass "
                "--allow-overlap to leave them out of the non-members."
            )
        # The non-members give way, because it is certain that a record among the members trained the model.
        nonmembers = nonmembers.take(~shared)
        notes.append(f"{int(shared.sum())} non-members are members too and were left out of the non-members.")
    if population is not None:
        # A target in the population would calibrate itself.
        sides = np.concatenate([inside, nonmembers.fingerprints()])
        known = np.isin(population.fingerprints(), sides)
        if known.any():
            population = population.take(~known)
            notes.append(
                f"{int(known.sum())} population records are members or non-members and were left out."
            )
    for side, records in (("members", members), ("non-members", nonmembers)):
        # With one record there is no spread, and so no interval.
        if len(records) < 2:
            raise DataError(f"only {len(records)} {side} are left: give at least a few hundred of each.")
    return TwoSides(members, nonmembers, population, tuple(notes))


def _once(records: Records, side: str, notes: list[str]) -> Records:
    first = records.first_of_each()
    if first.all():
        return records
    notes.append(f"{int((~first).sum())} {side} repeat another one exactly and were counted once.")
    return records.take(first)
