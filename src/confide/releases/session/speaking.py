"""The one place where exact sums are seen: they come from the extract, get their noise, and are gone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np

from confide.releases.session.cells import Noisy
from confide.releases.session.planning import Plan
from confide.releases.sql import Dialect, GroupSums, group_sums, sums_of
from confide.releases.sql.answers import Asks
from confide.releases.sql.query import Key, Value

Stored: TypeAlias = Mapping[str, list[list[object]]]
"""An answer as the ledger keeps it: `keys`, a list for each group; `cells`, for each group and aggregate its
value, the ends for the noise, and the ends with sampling error."""


def speak(plan: Plan, ask: Asks, dialect: Dialect = "duckdb") -> Stored:
    """Compute the exact sums, add noise, and give what may be released.

    Args:
        plan: made before the data was looked at.
        ask: runs a statement on the extract.
        dialect: of its database.
    """
    query = plan.query
    exact = group_sums(query, ask, dialect)
    first = sums_of(query)[0] if plan.shown is not None else None
    places, counted = _places(plan, exact)
    if not places:
        return {"keys": [], "cells": []}
    sums = {
        one: counted if one == first else plan.parts[one].noisy([numbers[i] for i in places])
        for one, numbers in exact.sums.items()
    }
    histograms: dict[object, list[list[int]]] = {}
    for one, groups in exact.histograms.items():
        width = one.grid.highest - one.grid.lowest + 1
        flat = plan.parts[one].noisy([n for i in places for n in groups[i]])
        histograms[one] = [flat[i : i + width] for i in range(0, len(flat), width)]
    noisy = Noisy(sums=sums, histograms=histograms, parts=plan.parts)  # pyright: ignore[reportArgumentType]
    columns = [noisy.cells(aggregate) for aggregate in query.aggregates]
    return {
        "keys": [[_written(v) for v in exact.keys[i]] for i in places],
        "cells": [[_number(x) for x in row] for row in np.hstack([c.five for c in columns]).tolist()],
    }


def _places(plan: Plan, exact: GroupSums) -> tuple[list[int], list[int]]:
    """The groups that are shown, and the noisy number of people of each where that decides it."""
    if plan.shown is None:
        return list(range(len(exact.keys))), []
    counts = exact.sums[sums_of(plan.query)[0]]
    found = plan.shown(counts)
    # In an order of the names alone: that of the database could depend on groups that are not shown.
    places = sorted(found, key=lambda i: _ordered(exact.keys[i]))
    return places, [found[i] for i in places]


def _ordered(key: Key) -> list[tuple[bool, str, object]]:
    return [(v is None, type(v).__name__, "" if v is None else v) for v in key]


def _written(value: Value | None) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def keys_read(stored: Stored, kinds: Sequence[str]) -> list[Key]:
    """The keys of a stored answer, in the kinds of the group columns."""
    return [
        tuple(
            date.fromisoformat(str(v)) if kind == "date" and v is not None else v  # pyright: ignore[reportReturnType]
            for v, kind in zip(key, kinds, strict=True)
        )
        for key in stored["keys"]
    ]
