"""Estimates from a randomised table: what its sidecar tells of the randomisation, undone without bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from confide.audits.protections import parse_protections
from confide.audits.table import SPEC
from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.nouns import AnyMechanism
from confide.inputs.cells import cell_ranges
from confide.inputs.columns import missing, need
from confide.inputs.own_columns import own_column
from confide.inputs.sidecar import made_of, sidecar_of, sidecar_record
from confide.inputs.tables import read_table
from confide.measure.frequencies import Frequencies
from confide.mechanisms.anonymize.invariant_pram import InvariantPram
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.k_ary import KAry
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.randomised_columns import EveryColumn, RandomisedColumns
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.releases.table_told import domain_of
from confide.views.table import Domain, Table

Maker: TypeAlias = KAry | UnaryEncoding | Rappor | NoisyNumbers | Pram | InvariantPram


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """What a column of a randomised table held, estimated.

    Args:
        column: its name in the original.
        made_by: the protection as a user writes it.
        rows: of the release.
        frequencies: of each value; None for numbers.
        mean: of the numbers; None for categories.
    """

    column: str
    made_by: str
    rows: int
    frequencies: Frequencies | None = None
    mean: Estimate | None = None

    def __str__(self) -> str:
        """As a table of values, or as a sentence on the mean."""
        head = f"{self.column}: estimated from {self.rows:,} rows, randomised by {self.made_by}"
        if self.mean is not None:
            return f"{head}\nmean  {self.mean}"
        assert self.frequencies is not None
        found = self.frequencies
        lines = [
            (value or "(missing)", str(unbiased), f"{share:.3f}")
            for value, unbiased, share in zip(
                found.values, found.unbiased, found.projected.tolist(), strict=True
            )
        ]
        rows = [("value", "unbiased share", "as shares of 1"), *lines]
        width = [max(len(row[i]) for row in rows) for i in range(3)]
        shown = [
            "  ".join(cell.ljust(n) for cell, n in zip(row, width, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([head, *shown])


def estimate(
    released: Path | str, column: str, *, values: Sequence[str] = (), confidence: float = 0.95
) -> Estimated:
    """Estimate what a column held before it was randomised, from the released file and its sidecar.

    Estimates are unbiased, and may be below 0 or above 1; beside them stand the nearest shares that are none
    of this and add up to 1. Each interval holds by itself.

    Args:
        released: a file that `confide protect table` wrote, its sidecar beside it.
        column: of the original.
        values: whose shares are asked for, where the release does not say which there are (RAPPOR).
        confidence: of the intervals.

    Raises:
        DataError: if there is no sidecar, it speaks of another file, or the column was not randomised.
        EvidenceError: if the randomisation cannot be undone.
    """
    path = Path(released)
    made = made_of(path, kind="table")
    if made is None:
        raise DataError(
            f"{path} has no sidecar beside it ({sidecar_of(path).name}), so nothing is known of its "
            "randomisation: give a file that `confide protect table` wrote, with its sidecar."
        )
    bound = sidecar_record(sidecar_of(path)).get("bound")
    told: Mapping[str, Any] = bound if isinstance(bound, dict) else {}
    domains = {name: domain_of(name, said) for name, said in dict(told.get("domains", {})).items()}
    text = "+".join(made.protections)
    maker, name = _maker(parse_protections([text], SPEC.protections)[text], made.protections, column, domains)
    table = read_table(path, name="the released table")
    view = _view(table.frame, maker, column, domains.get(column), table.name)
    if isinstance(maker, NoisyNumbers):
        return Estimated(
            column=column, made_by=name, rows=len(view), mean=maker.estimate(view, confidence=confidence)
        )
    if isinstance(maker, Rappor):
        if not values:
            raise DataError(
                f"a release by RAPPOR does not say which values {column!r} has: name those whose shares you "
                "want (`--values a,b,c`)."
            )
        # Imported here: it needs scikit-learn.
        from confide.mechanisms.randomize.rappor_decoding import frequencies_of

        found = frequencies_of(maker, view, values, confidence=confidence)
    elif isinstance(maker, Pram | InvariantPram):
        found = maker.estimate(view, column, confidence=confidence)
    else:
        found = maker.estimate(view, confidence=confidence)
    return Estimated(column=column, made_by=name, rows=len(view), frequencies=found)


def _maker(
    mechanism: AnyMechanism, texts: Sequence[str], column: str, domains: Mapping[str, Domain]
) -> tuple[Maker, str]:
    """What randomised the column, and the protection that it belongs to."""
    found: list[tuple[Maker, str]] = []
    names = "+".join(texts).split("+")
    every: list[str] = []
    for step, text in zip(steps_of(mechanism), names, strict=True):
        if isinstance(step, EveryColumn):
            # Its epsilon is split among all columns of the original.
            empty = Table.of(tuple(domains.values()), np.zeros((0, len(domains)), np.int32))
            step = step.on(empty)
        if isinstance(step, RandomisedColumns):
            every += [part.column for part in step.parts]
            found += [(part, text) for part in step.parts if part.column == column]
        elif isinstance(step, Pram | InvariantPram):
            every += list(domains) if step.column is None else [step.column]
            found += [(step, text)] if step.column in (None, column) else []
    if not found:
        if not every:
            raise DataError(
                "no column was randomised in a way that can be undone: there is nothing to estimate."
            )
        named = ", ".join(dict.fromkeys(every))
        raise DataError(f"column {column!r} was not randomised: name one that was ({named}).")
    if len(found) > 1:
        raise DataError(
            f"column {column!r} was randomised {len(found)} times ({', '.join(text for _, text in found)}), "
            "and only one randomisation is undone: protect the original by one of them."
        )
    return found[0]


def _view(frame: pl.DataFrame, maker: Maker, column: str, domain: Domain | None, name: str) -> Table:
    """The columns of the release that tell of this one."""
    if isinstance(maker, UnaryEncoding | Rappor):
        sign = "=" if isinstance(maker, UnaryEncoding) else "."
        names = [c for c in frame.columns if c.startswith(f"{column}{sign}")]
        if not names:
            raise DataError(
                f"{name} has no columns {column}{sign}... any more: give the file as it was written."
            )
        # As the mechanism wrote them, though a file may lack a cohort or a bit that is 1.
        cohorts = maker.cohorts if isinstance(maker, Rappor) else 2
        made = [_counting(frame[c], cohorts - 1 if c == f"{column}.cohort" else 1, name) for c in names]
        return Table.of([domain for domain, _ in made], np.column_stack([codes for _, codes in made]))
    need(frame, [column], name=name)
    if isinstance(maker, NoisyNumbers):
        if missing(frame[column]).any() or not frame[column].dtype.is_numeric():
            raise DataError(
                f"{name}: column {column!r} holds no numbers in some rows: give the file as written."
            )
        own, codes = own_column(frame[column])
        return Table.of([own], codes[:, None])
    if domain is None:
        raise DataError(f"the sidecar tells no domain of {column!r}: protect the original again.")
    low, high = cell_ranges(frame[column], domain, name=name, exact=True)
    if (low != high).any():
        raise DataError(
            f"{name}: column {column!r} holds ranges, which were made after it was randomised: only single "
            "values can be undone."
        )
    # A mechanism on all columns asks for them by name alone.
    return Table.of([domain], low[:, None])


def _counting(column: pl.Series, largest: int, name: str) -> tuple[Domain, Ints]:
    """A column of the numbers 0 to `largest`."""
    if not column.dtype.is_integer() or column.null_count() or not column.is_between(0, largest).all():
        raise DataError(
            f"{name}: column {column.name!r} holds no numbers from 0 to {largest}: restore the file."
        )
    numbers = np.arange(largest + 1, dtype=np.float64)
    return Domain(column.name, tuple(map(str, range(largest + 1))), numbers), column.to_numpy().astype(
        np.int64
    )
