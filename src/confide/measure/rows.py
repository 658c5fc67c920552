"""Rows: evidence as arrays, divided by worlds where rows depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence

Keys: TypeAlias = NDArray[np.uint64]
Shape: TypeAlias = Literal["independent", "one world", "pool", "few a world"]

ENOUGH = 20  # with fewer, a rate of one world is too coarse to average
"""The number of exposed and of control rows that a world needs to be measured by itself."""
# With fewer worlds the t-interval over worlds is too wide to be useful.
FEWEST_WORLDS = 5
"""From this number of worlds on, the spread between worlds gives the interval."""


def mix(*ids: Ints) -> Keys:
    """A 64-bit hash of ids [n] (splitmix64), equal on every machine; it decides halves and ties."""
    # The constants are those of splitmix64.
    key: Keys = np.zeros(len(ids[0]), np.uint64)
    for part in ids:
        key = key * np.uint64(31) + part.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        key = key ^ (key >> np.uint64(31))
    return key


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Exposed and control rows as arrays.

    Args:
        exposed: bool[n].
        claims: float64[n], the score of each right claim; -inf where the claim would be wrong.
        unit: uint64[n], a hash that breaks ties; rows of one unit stay in one half.
        person: int64[n], whom each row is about; None where each is about somebody else.
    """

    exposed: Bools
    claims: Floats
    unit: Keys
    person: Ints | None = None

    @classmethod
    def of(cls, evidence: Evidence) -> Rows:
        """All rows of the evidence; a unit is a person, or a world if each world has few rows."""
        by_world = shape(evidence) in ("independent", "few a world")
        unit = evidence.table["world"].to_numpy() if by_world else evidence.person
        return cls(evidence.exposed, evidence.claims, mix(unit), evidence.person)

    def __len__(self) -> int:
        return len(self.exposed)

    @property
    def members(self) -> Floats:
        """The claims on exposed rows, rising."""
        return np.sort(self.claims[self.exposed])

    @property
    def controls(self) -> Floats:
        """The claims on control rows, rising."""
        return np.sort(self.claims[~self.exposed])

    @property
    def sides(self) -> tuple[Floats, Floats]:
        """The claims on exposed and on control rows, in the order of `people`."""
        return self.claims[self.exposed], self.claims[~self.exposed]

    @property
    def people(self) -> tuple[Ints, Ints] | None:
        """Whom the exposed and the control rows are about; None where each is about somebody else.

        None too if all are about one person, played in and out of many worlds: then that person is what is
        measured, and the worlds are what varies.
        """
        if self.person is None or len(np.unique(self.person)) in (1, len(self)):
            return None
        return self.person[self.exposed], self.person[~self.exposed]

    def take(self, rows: Bools | Ints) -> Rows:
        """The rows at these positions, or under this mask."""
        person = None if self.person is None else self.person[rows]
        return Rows(self.exposed[rows], self.claims[rows], self.unit[rows], person)

    def perfect(self) -> Rows:
        """The same rows with the scores of an attack that knows the truth."""
        return replace(self, claims=self.exposed.astype(np.float64))

    def once(self) -> Rows:
        """One row of each person on either side, the one whose claim scores highest."""
        if self.person is None:
            return self
        order = np.lexsort((-self.claims, self.person, self.exposed))
        person, exposed = self.person[order], self.exposed[order]
        first = np.concatenate([[True], (np.diff(person) != 0) | (np.diff(exposed) != 0)])
        return self if first.all() else self.take(np.sort(order[first]))

    def balanced(self) -> Rows:
        """Equally many exposed and control rows; of the larger side, those with the smallest hashes."""
        size = min(int(self.exposed.sum()), int((~self.exposed).sum()))
        keep: list[Ints] = []
        for side in (self.exposed, ~self.exposed):
            rows = np.flatnonzero(side)
            keep.append(rows[np.argsort(self.unit[rows], kind="stable")[:size]])
        return self.take(np.sort(np.concatenate(keep)))


def worlds_of(evidence: Evidence) -> list[Rows]:
    """The rows of each world, in the order of the world numbers."""
    rows, world = Rows.of(evidence), evidence.table["world"].to_numpy()
    order = np.argsort(world, kind="stable")
    cuts = np.flatnonzero(np.diff(world[order])) + 1
    return [rows.take(part) for part in np.split(order, cuts)]


def one_a_world(evidence: Evidence) -> Rows:
    """One row of each world, the one with the smallest hash; rows of independent worlds are independent."""
    world, target = evidence.table["world"].to_numpy(), evidence.table["target"].to_numpy()
    order = np.lexsort((mix(world, target), world))
    # Sorted by world and hash, the first row of each world is the one with the smallest hash.
    first = np.concatenate([[True], np.diff(world[order]) != 0])
    return Rows.of(evidence).take(order[first])


def shape(evidence: Evidence) -> Shape:
    """The dependence between rows, which decides what can be computed from them.

    "independent": one row in each world. "one world": all rows share one release. "pool": several worlds,
    each with at least `ENOUGH` exposed and control rows. "few a world": all other evidence.
    """
    worlds = evidence.worlds
    if worlds == 1:
        return "one world"
    if worlds == len(evidence):
        return "independent"
    # World numbers may have gaps, after a part of the worlds was played.
    _, number = np.unique(evidence.table["world"].to_numpy(), return_inverse=True)
    exposed = np.bincount(number, weights=evidence.exposed)
    control = np.bincount(number) - exposed
    return "pool" if min(exposed.min(), control.min()) >= ENOUGH else "few a world"


def averaged(exposed: Sequence[Bools]) -> bool:
    """Whether rates over these worlds are means of each world's own.

    Args:
        exposed: of each world, which of its rows are exposed.
    """
    enough = all(min(int(e.sum()), int((~e).sum())) >= ENOUGH for e in exposed)
    return enough and len(exposed) >= FEWEST_WORLDS


def require_both(evidence: Evidence) -> None:
    """Refuse evidence without exposed or without control rows.

    Raises:
        EvidenceError: with both counts.
    """
    exposed = int(evidence.exposed.sum())
    control = len(evidence) - exposed
    if not exposed or not control:
        raise EvidenceError(
            f"{evidence.attack}: {exposed} exposed and {control} control targets. Risk is a comparison of "
            "the two: keep some people out of the release, and give their rows as control."
        )
