"""The games of an audit of a synthetic file: who is asked about, with people held out or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.games.attribute.synthetic import SyntheticInference
from confide.games.linkage.synthetic import SyntheticSinglingOut
from confide.games.membership.synthetic import SyntheticFile
from confide.games.membership.synthetic_others import AgainstOthers
from confide.inputs.synthetic import Synthetic, SyntheticData
from confide.views.table import Table

WORLDS = 2
"""Each half of the control people is asked about once, while the other half is the adversary's reference;
without people held out, one world is the synthetic file and one the rows of others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """The people on both sides of the comparison.

    Args:
        real: all real rows.
        control: rows of people who were held out; none if nobody was.
    """

    real: Table
    control: Table

    @property
    def held_out(self) -> bool:
        """Whether anybody was held out."""
        return len(self.control) > 0


def sides(data: SyntheticData) -> Sides:
    """The real people, and those held out."""
    return Sides(
        real=data.real,
        control=data.real.take(np.zeros(0, np.int64)) if data.control is None else data.control,
    )


Membership: TypeAlias = SyntheticFile | AgainstOthers
"""Whether somebody was behind the file, with people held out or without."""


def membership(held: Synthetic, data: SyntheticData, both: Sides, *, rng: Rng) -> Membership:
    """The game "was this person behind the file", on half the number of people on either side.

    Raises:
        DataError: if there are too few people.
    """
    each = held.people // 2
    unit = Unit.record() if both.real.people is None else Unit.person(held.id or "person", at_most=ANY_NUMBER)
    if both.held_out:
        return SyntheticFile.drawn(data.synthetic, both.real, both.control, each=each, rng=rng, unit=unit)
    return AgainstOthers.drawn(data.synthetic, both.real, each=each, rng=rng, unit=unit)


def secrets(held: Synthetic, data: SyntheticData, both: Sides) -> SyntheticInference:
    """The game "what is their secret" about people of either side."""
    return SyntheticInference(
        synthetic=data.synthetic,
        real=both.real,
        control=both.control,
        known=data.known,
        secret=data.secret,
        most=held.people // 2,
    )


def descriptions(data: SyntheticData, both: Sides) -> SyntheticSinglingOut:
    """The game "exactly one person has this" about people of either side."""
    return SyntheticSinglingOut(synthetic=data.synthetic, real=both.real, control=both.control)
