"""A synthetic file on disk, and its card: what was promised and measured, and how right its tables are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from confide.core.budget import ANY_NUMBER, Budget
from confide.core.version import VERSION
from confide.inputs.sidecar import sidecar_of
from confide.inputs.synthetic_card import SCHEMA
from confide.views.margins import Measured
from confide.views.table import Domain

MORE = "more rows cost nothing and tell nothing more: all follow from what was measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A synthetic file that was written.

    Args:
        out: the file.
        card: what stands in its sidecar.
        rows: how many there are.
        trimmed: how many rows of people with more than the bound were left out; for their owner alone.
        clipped: column -> cells that counted as the nearest bound; for their owner alone.
        broken: how many records break the rules, counted with noise, in a sentence; empty where nobody asked.
        ledger: what is spent and left there, in a sentence; empty without one.
        created: whether the ledger was made.
    """

    out: Path
    card: Mapping[str, Any]
    rows: int
    trimmed: int = 0
    clipped: Mapping[str, int] = field(default_factory=dict)
    broken: str = ""
    ledger: str = ""
    created: bool = False

    def __str__(self) -> str:
        return (
            f"{self.out}: {self.rows:,} synthetic records by {self.card['mechanism']}. It promises "
            f"{self.card['promise']['text']}.{self.remarks}"
        )

    @property
    def remarks(self) -> str:
        """What was left out, clipped or drawn again, in sentences that begin with a space."""
        trimmed = f" {self.trimmed:,} rows of people above the bound were left out." if self.trimmed else ""
        clipped = "".join(
            f" {count:,} cells of {name} were outside the domain and count as its nearest value."
            for name, count in self.clipped.items()
        )
        rejected = self.card["rejected"]
        again = f" {rejected:.1%} of the drawn rows broke a rule and were drawn again." if rejected else ""
        return f"{trimmed}{clipped}{again}{self.broken}"


def write_rows(frame: pl.DataFrame, path: Path) -> None:
    """Write rows in the format of the name."""
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)


def write_card(card: Mapping[str, Any], out: Path) -> Path:
    """Write a card beside a file, and return its place."""
    place = sidecar_of(out)
    place.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return place


def card_of(
    *,
    mechanism: str,
    promise: Budget | None,
    rehearsal: Budget | None,
    says: str,
    seed: int,
    rejected: float,
    domains: tuple[Domain, ...],
    margins: tuple[Measured, ...],
    errors: list[dict[str, Any]],
    sha256: str,
) -> dict[str, Any]:
    """What the sidecar says.

    Args:
        mechanism: its name.
        promise: of the release; None without one.
        rehearsal: the promise that a release would have; None if it is one.
        says: the promise in words.
        seed: by which rows were drawn from the model.
        rejected: the share of rows that were given up for a rule.
        domains: of the model's columns.
        margins: what was measured.
        errors: how right tables of the file are.
        sha256: of the file.
    """
    kept = promise if rehearsal is None else None
    names = [domain.name for domain in domains]
    return {
        "schema": SCHEMA,
        "mechanism": mechanism,
        "promise": {
            "epsilon": None if kept is None else kept.epsilon,
            "delta": None if kept is None else kept.delta,
            "unit": None if kept is None else _said(kept),
            "text": says,
        },
        "noise": "secure" if rehearsal is None else "rehearsal: from a seed, so that it keeps no promise",
        "seed": seed,
        **({} if promise is None else {"more_rows": MORE}),
        "rejected": rejected,
        "columns": names,
        "measured": [
            {
                "columns": [names[c] for c in one.columns],
                "cells": int(one.counts.size),
                "sigma": one.sigma,
                "rho": one.rho,
                "chosen": one.chosen,
            }
            for one in margins
        ],
        "errors": errors,
        "sha256": sha256,
        "version": VERSION,
    }


def _said(budget: Budget) -> dict[str, Any]:
    unit = budget.unit
    most = None if unit.at_most == ANY_NUMBER else unit.at_most
    return {"kind": unit.kind, "column": unit.column, "at_most": most}
