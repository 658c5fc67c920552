"""Mechanisms bound to a table: with its known columns, secret and hierarchies; and how a release is read."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from confide.audits.table.protections import KNOWN, NUMBERS
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.table import Table, TableData
from confide.measure.class_secrets import Diversity
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.correlated_noise import CorrelatedNoise
from confide.mechanisms.anonymize.microaggregation import Microaggregation
from confide.mechanisms.anonymize.pseudonyms import Pseudonyms
from confide.mechanisms.anonymize.suppression import WithoutColumns
from confide.mechanisms.in_order import in_order, steps_of
from confide.mechanisms.randomize.randomised_columns import EveryColumn, RandomisedColumns
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.read_back import ReadBack
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding

CHANGING = (CorrelatedNoise, Microaggregation, Pseudonyms, RandomisedColumns, WithoutColumns)
"""After these a column has other values, is several columns, or is gone."""


def bound(mechanism: AnyMechanism, data: TableData, held: Table) -> AnyMechanism:
    """A mechanism, each of its steps with the known columns, the secret and the hierarchies of a table.

    What promises something for a row promises it for a person, also where somebody has several rows.

    Raises:
        DataError: if a step is about columns of numbers, and none is known.
    """
    guarded = held.l is not None or held.t is not None

    def of(step: AnyMechanism) -> AnyMechanism:
        if data.several is not None and isinstance(step, EveryColumn | RandomisedColumns):
            return step.for_people(data.several.most)
        assert is_dataclass(step)
        there: dict[str, Any] = {f.name: getattr(step, f.name) for f in fields(step)}
        facts: dict[str, Any] = {}
        facts |= {name: data.known for name in ("known", "columns") if there.get(name) == KNOWN}
        if there.get("columns") == NUMBERS:
            facts["columns"] = _numbers(data)
        if "hierarchies" in there:
            facts["hierarchies"] = tuple(data.hierarchies[c] for c in data.known)
        if guarded and isinstance(there.get("rules"), Rules):
            facts["rules"] = replace(
                there["rules"],
                l=None if held.l is None else Diversity.of(held.l),
                t=held.t,
                secret=data.secret,
            )
        return replace(step, **facts) if facts else step

    return in_order([of(step) for step in steps_of(mechanism)])


def legible(mechanism: AnyMechanism, data: TableData) -> AnyMechanism:
    """A bound mechanism whose release is read under the original's domains, where it shows other ones.

    Without this, codes that mean something else would be compared, and a release look harmless that is not.
    """
    if not any(isinstance(step, CHANGING) for step in steps_of(mechanism)):
        return mechanism
    return in_order([mechanism, read_back(mechanism, data)])


def rehearsed(mechanism: AnyMechanism) -> AnyMechanism:
    """A mechanism as the adversary runs it: any source of noise is as good for that."""

    def of(step: AnyMechanism) -> AnyMechanism:
        assert is_dataclass(step)
        random = any(f.name == "noise" for f in fields(step))
        return replace(step, **{"noise": "rehearsal"}) if random else step

    return in_order([of(step) for step in steps_of(mechanism)])


def read_back(mechanism: AnyMechanism, data: TableData) -> ReadBack:
    """How an adversary that knows the mechanism reads a release of it."""
    return ReadBack.to(data.cells, bits_of(mechanism))


def bits_of(mechanism: AnyMechanism) -> tuple[UnaryEncoding | Rappor, ...]:
    """What makes columns of bits."""
    return tuple(
        part
        for step in steps_of(mechanism)
        if isinstance(step, RandomisedColumns)
        for part in step.parts
        if isinstance(part, UnaryEncoding | Rappor)
    )


def leaves_out(mechanism: AnyMechanism, column: str) -> bool:
    """Whether a column says nothing any more: it was taken out."""
    return any(
        (isinstance(step, WithoutColumns) and column in step.columns)
        or (
            isinstance(step, RandomisedColumns)
            and step.rest == "drop"
            and column not in [part.column for part in step.parts]
        )
        for step in steps_of(mechanism)
    )


def _numbers(data: TableData) -> tuple[str, ...]:
    found = tuple(c for c in data.known if data.cells.domains[data.cells.at(c)].numbers is not None)
    if not found:
        raise DataError(
            f"none of the known columns ({', '.join(data.known)}) holds numbers: name those that do, parted "
            "by semicolons, after the setting."
        )
    return found
