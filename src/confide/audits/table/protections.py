"""Protections of tables, by the name that a user writes; and what they need to know of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from confide.audits.protections import Protection, Scale
from confide.core.nouns import AnyMechanism
from confide.inputs.numbers import parse_number, parse_whole
from confide.inputs.table import Table, TableData
from confide.mechanisms.in_order import in_order, steps_of

PROTECTIONS: Mapping[str, Protection] = {}


def bound(mechanism: AnyMechanism, data: TableData, held: Table) -> AnyMechanism:
    """A mechanism, each of its steps with the known columns, the secret and the hierarchies of a table.

    What a step has no field for it does not need.
    """
    facts: dict[str, Any] = {
        "known": data.known,
        "secret": data.secret,
        "hierarchies": tuple(data.hierarchies[c] for c in data.known),
        "l": held.l,
        "t": held.t,
    }

    def of(step: AnyMechanism) -> AnyMechanism:
        assert is_dataclass(step)
        there = {f.name for f in fields(step)}
        return replace(step, **{name: fact for name, fact in facts.items() if name in there})

    return in_order([of(step) for step in steps_of(mechanism)])
