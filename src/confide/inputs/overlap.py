"""Nobody on both sides: a person counted as member and as non-member makes every rate wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import named_rows
from confide.inputs.near_copies import near_copies
from confide.measure.rows import mix
from confide.views.records import Records, Words


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

    Exact copies within a side are kept once. A record on both sides is an error, or with `allow_overlap`
    leaves both: taken out of one side alone it would be missing there, and common records would tell the
    sides apart without any model. Where one side is larger, so would copies, which are all on that side more
    often than a single record: some of its records with copies are left out too. A population record that is
    a member or a non-member leaves the population.

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
    near_inside, near_outside = near_copies(members, nonmembers)
    exact = np.isin(outside, inside)
    shared = exact | near_outside
    if shared.any():
        if not allow_overlap:
            digits = "" if exact.any() else ", with other last digits"
            raise DataError(
                f"{len(np.unique(outside[shared]))} records stand among the members and among the "
                f"non-members{digits} ({named_rows(pl.Series(shared))} of {name}): take them out of one "
                "side, or pass --allow-overlap to leave them out of both."
            )
        both = int((rest & shared).sum())
        notes.append(t("{n} records are members and non-members and were left out of both.", n=both))
        kept &= ~(np.isin(inside, outside) | near_inside)
        rest &= ~shared
        sides = [("members", inside, kept), ("non-members", outside, rest)]
        side, keys, many = max(sides, key=lambda s: len(s[1]))
        # Chosen among those that are left: the others are counted above.
        thinned = many & ~_as_often(keys, min(len(k) for _, k, _ in sides))
        if thinned.any():
            notes.append(_thinned(side, int(thinned.sum())))
        many &= ~thinned
    if population is not None:
        # A target in the population would calibrate itself.
        known = np.isin(population.fingerprints(), np.concatenate([inside, outside[rest]]))
        if known.any():
            population = population.take(~known)
            n = int(known.sum())
            notes.append(t("{n} population records are members or non-members and were left out.", n=n))
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


def _as_often(keys: Words, fewer: int) -> Bools:
    """A choice of the records of a side by their copies, as on a side of `fewer` records: bool[n].

    Of a pool divided at random into m and n < m records, c copies are all among the m with probability
    m (m - 1) ... (m - c + 1) over the same of the pool, and so with n. One record is among the m as often as
    m of m + n. So of those with c copies the product of (n - i) / (m - i), i = 1 .. c - 1, is kept.
    """
    _, number, count = np.unique(keys, return_inverse=True, return_counts=True)
    i = np.arange(1, count.max())
    share = np.concatenate([[1.0, 1.0], np.cumprod(np.maximum(fewer - i, 0) / (len(keys) - i))])
    # Mixed: a fingerprint tells records apart, but need not be spread evenly over all numbers.
    return mix(keys.astype(np.int64)) / 2.0**64 < share[count[number]]


def _once(records: Records, side: str, notes: list[str]) -> Bools:
    first = records.first_of_each()
    if not first.all():
        n = int((~first).sum())
        notes.append(
            t("{n} members repeat another one exactly and were counted once.", n=n)
            if side == "members"
            else t("{n} non-members repeat another one exactly and were counted once.", n=n)
        )
    return first


def _thinned(side: str, n: int) -> str:
    """That copies on the larger side were left out, in a sentence."""
    if side == "members":
        return t(
            "{n} members that had copies were left out too: there are more members than others, and copies "
            "would tell the sides apart.",
            n=n,
        )
    return t(
        "{n} non-members that had copies were left out too: there are more non-members than others, and "
        "copies would tell the sides apart.",
        n=n,
    )
