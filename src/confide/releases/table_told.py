"""Sidecar of a table: settings as they were bound to it, and the domains that are public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.hierarchies import files_of
from confide.inputs.table import Table, TableData
from confide.inputs.tables import digest_of_file
from confide.mechanisms.anonymize.invariant_pram import InvariantPram
from confide.mechanisms.anonymize.pseudonyms import SecretKey
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.k_ary import KAry
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.randomised_columns import EveryColumn, RandomisedColumns
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain
from confide.views.table import Table as Cells


def told(mechanism: AnyMechanism, held: Table, data: TableData, made: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings, hierarchies, and the domains of randomised columns, which are public by condition.

    No other value of a cell is among them.

    Args:
        mechanism: that made the release, bound.
        held: the record that the user filled in.
        data: the same, read.
        made: column -> what next month's run needs to know of its hierarchy, where that was made.
    """
    return {
        "known": list(data.known),
        "secret": data.secret,
        "l": held.l,
        "t": held.t,
        "columns": list(data.cells.names),
        "hierarchies": digests(held.hierarchies, data.known),
        "made": dict(made),
        "steps": [{"mechanism": type(step).__name__, **_settings(step)} for step in steps_of(mechanism)],
        "chances": chances(mechanism, data.cells),
        "domains": {
            name: _domain(data.cells.domains[data.cells.at(name)]) for name in public(mechanism, data.cells)
        },
    }


def digests(folder: Path | None, known: tuple[str, ...]) -> dict[str, str]:
    """Column -> SHA-256 of the file of its hierarchy; "made" where it was made from the table."""
    files = {} if folder is None else files_of(folder, known)
    return {name: digest_of_file(files[name]) if name in files else "made" for name in known}


def public(mechanism: AnyMechanism, cells: Cells) -> tuple[str, ...]:
    """The columns whose values a release shows at random, whether they occur or not: their domain is public.

    That of RAPPOR need not be, and noisy numbers have bounds instead.
    """
    found: list[str] = []
    for step in steps_of(mechanism):
        if isinstance(step, EveryColumn):
            found += cells.names
        elif isinstance(step, Pram | InvariantPram):
            found += cells.names if step.column is None else (step.column,)
        elif isinstance(step, RandomisedColumns):
            found += [part.column for part in step.parts if isinstance(part, KAry | UnaryEncoding)]
    return tuple(name for name in dict.fromkeys(found) if name in cells.names)


def chances(mechanism: AnyMechanism, cells: Cells) -> dict[str, dict[str, float]]:
    """Column -> the chances that a true value is shown and that a certain other one is, or the noise."""
    found: dict[str, dict[str, float]] = {}
    for step in steps_of(mechanism):
        on = step.on(cells) if isinstance(step, EveryColumn) else step
        for part in on.parts if isinstance(on, RandomisedColumns) else ():
            if isinstance(part, KAry):
                odds = part.odds(cells)
                found[part.column] = {"keep": odds.kept, "other": odds.shown}
            elif isinstance(part, UnaryEncoding):
                found[part.column] = {"keep": 0.5, "other": part.odds.shown}
            elif isinstance(part, Rappor):
                found[part.column] = dict(zip(("keep", "other"), part.shares, strict=True))
            else:
                found[part.column] = {"scale": part.scale, "step": part.step}
        if isinstance(step, Pram) and step.change is not None:
            for name in cells.names if step.column is None else (step.column,):
                others = len(cells.domains[cells.at(name)]) - 1
                other = step.change / others if others else 0.0
                found[name] = {"keep": 1 - other * others, "other": other}
    return found


def domain_of(name: str, said: Mapping[str, Any]) -> Domain:
    """A domain that a sidecar tells.

    Raises:
        DataError: if it is none.
    """
    try:
        labels = tuple(str(label) for label in said["labels"])
        missing, numbers = bool(said["missing"]), said["numbers"]
        worth = None if numbers is None else np.array([float(x) for x in numbers] + [np.nan] * missing)
        if len(set(labels)) < len(labels) or (worth is not None and len(worth) != len(labels)):
            raise ValueError(name)
        if worth is not None and (np.diff(worth[: len(labels) - missing]) <= 0).any():
            raise ValueError(name)
    except (KeyError, TypeError, ValueError) as why:
        raise DataError(f"the sidecar tells no domain of {name!r} that can be read: restore it.") from why
    return Domain(name, labels, worth, missing)


def _domain(domain: Domain) -> dict[str, Any]:
    real = len(domain) - domain.missing
    numbers = None if domain.numbers is None else domain.numbers[:real].tolist()
    return {"labels": list(domain.labels), "numbers": numbers, "missing": domain.missing}


def _settings(step: Any) -> dict[str, Any]:
    """The settings of a mechanism, as JSON has them."""
    return {
        f.name: _said(getattr(step, f.name)) for f in fields(step) if f.name not in ("noise", "hierarchies")
    }


def _said(value: Any) -> Any:
    if isinstance(value, SecretKey):
        return {"mark": value.mark}
    if isinstance(value, Hierarchy):
        return {"column": value.name, "digest": value.digest()}
    if isinstance(value, KAry | UnaryEncoding | Rappor | NoisyNumbers):
        return {"mechanism": type(value).__name__, **_settings(value)}
    if is_dataclass(value):
        return _settings(value)
    if isinstance(value, tuple | list):
        return [_said(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
