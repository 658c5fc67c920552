"""The games of an audit of a synthetic file: who is asked about, and what stands in for people held out."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.games.attribute.synthetic import SyntheticInference
from confide.games.linkage.synthetic import SyntheticSinglingOut
from confide.games.membership.synthetic import SyntheticFile
from confide.inputs.synthetic import Synthetic, SyntheticData
from confide.views.table import Table
from confide.views.table_people import number_of_people

WORLDS = 2
"""Each half of the control people is asked about once, while the other half is the adversary's reference."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """The people on both sides of the comparison.

    Args:
        real: all real rows.
        control: rows of people who were held out; without a control file, rows of nobody: real columns, each
            shuffled by itself.
        held_out: whether the control rows are people.
    """

    real: Table
    control: Table
    held_out: bool


def sides(data: SyntheticData, *, rng: Rng) -> Sides:
    """The real people, and the people held out or what stands in for them."""
    if data.control is not None:
        return Sides(real=data.real, control=data.control, held_out=True)
    return Sides(real=data.real, control=shuffled(data.real, rng=rng), held_out=False)


def membership(held: Synthetic, data: SyntheticData, both: Sides, *, rng: Rng) -> SyntheticFile:
    """The game "was this person behind the file", on half the number of people of either side.

    Without people held out, half of the real people are not asked about: an adversary without the synthetic
    file then has theirs in its place.

    Raises:
        DataError: if there are too few people.
    """
    each = held.people // 2 if both.held_out else min(held.people // 2, number_of_people(both.real) // 2)
    unit = None if both.real.people is None else Unit.person("person", at_most=ANY_NUMBER)
    return SyntheticFile.drawn(data.synthetic, both.real, both.control, each=each, rng=rng, unit=unit)


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


def shuffled(table: Table, *, rng: Rng) -> Table:
    """Rows of nobody: each column of the table in an order of its own."""
    return Table.of(table.domains, rng.permuted(table.low, axis=0))
