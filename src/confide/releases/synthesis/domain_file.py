"""Begins a domain file: a template from names and types, or with bounds that a budget is spent on."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.inputs.domain_text import ColumnDraft, domain_text, drafts
from confide.inputs.tables import read_table
from confide.releases.session.identity import Identity
from confide.releases.synthesis.domain_search import DomainSearch, Found, filled
from confide.releases.synthesis.domain_settings import DomainSettings

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

SHOWN = 8
"""Columns that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainWritten:
    """A domain file that was written.

    Args:
        path: of the file.
        columns: as it describes them.
        ledger: what is spent and left there, in a sentence; empty without one.
        created: whether the ledger was made.
    """

    path: Path
    columns: tuple[ColumnDraft, ...]
    ledger: str = ""
    created: bool = False

    def __str__(self) -> str:
        blank = [c.name for c in self.columns if c.kind != "drop" and {"low", "values"} & set(c.blank)]
        more = f" and {len(blank) - SHOWN:,} more" if len(blank) > SHOWN else ""
        todo = (
            f"fill in bounds or categories of {', '.join(blank[:SHOWN])}{more}, from what everybody may know"
            if blank
            else "look through it, and correct it from what everybody may know"
        )
        return f"{self.path}: a domain of {len(self.columns):,} columns. Next, {todo}."


def write_domain(settings: DomainSettings) -> DomainWritten:
    """Write the beginning of a domain file.

    Without `private` no value of the table has a part in it. With it, the ledger is charged before a value
    is looked at, and the file holds what came out under noise.

    Args:
        settings: of the file.

    Raises:
        ConfideError: one sentence on what is wrong; nothing was written then.
    """
    if settings.out.exists() and (settings.out.is_dir() or not settings.force):
        raise DataError(f"--out {settings.out} exists: choose another file, or replace it with --force.")
    # Before it is read: the ledger must not be bound to a file that changed in the meantime.
    identity = None if settings.private is None else Identity.of(Path(settings.data))
    if identity is not None and identity.path.suffix.lower() == ".csv":
        raise DataError(
            "the types of a csv file are read off all of its values, so that one row can change them and no "
            "promise holds: write the table as .parquet, and search that."
        )
    frame = read_table(Path(settings.data), name="data").frame
    columns = drafts(frame.schema)
    standing, created = "", False
    if identity is not None:
        with ExitStack() as open_while:
            ledger = _ledger(settings, identity, open_while)
            found = _searched(settings, identity, columns, frame, ledger)
            if ledger is not None:
                standing = f"Spent {ledger.spent}; left {ledger.left(settings.analyst)}."
                created = ledger.created
        columns = tuple(filled(draft, found) for draft in columns)
    with atomic_write(settings.out) as draft:
        draft.write_text(domain_text(columns), encoding="utf-8")
    return DomainWritten(path=settings.out, columns=columns, ledger=standing, created=created)


def _searched(
    settings: DomainSettings,
    identity: Identity,
    columns: tuple[ColumnDraft, ...],
    frame: pl.DataFrame,
    ledger: Ledger | None,
) -> Found:
    """What the budget was spent on, charged before a value is looked at."""
    assert settings.private is not None
    unit = settings.unit
    person = unit.column if unit.kind == "person" else None
    if person is not None and person not in frame.columns:
        raise DataError(f"the table has no column {person!r:.60}: it has {', '.join(frame.columns)[:200]}.")
    search = DomainSearch.of(
        [draft for draft in columns if draft.name != person],
        epsilon=settings.private,
        delta=settings.delta,
        at_most=unit.at_most if person is not None else None,
        noise="secure" if settings.rehearse is None else "rehearsal",
    )
    identity.need_unchanged()

    def speak() -> Found:
        return search(frame, person=person, rng=np.random.default_rng(settings.rehearse))

    if ledger is None:
        return speak()
    from confide.account.charge import answered, digest_of
    from confide.account.costs import Cost

    question = digest_of(
        data=ledger.terms.data,
        text="domain",
        parameters={
            "bounds": dict(search.bounds),
            "categories": list(search.categories),
            "epsilon": search.epsilon,
            "delta": search.delta,
            "unit": str(unit),
        },
    )
    asked = f"bounds and categories of {len(search.bounds) + len(search.categories)} columns"
    cost = Cost.pure(search.epsilon, delta=search.delta)
    return answered(ledger, question, cost, speak=speak, analyst=settings.analyst, asked=asked).value


def _ledger(settings: DomainSettings, identity: Identity, open_while: ExitStack) -> Ledger | None:
    if settings.ledger is None:
        return None
    from confide.account.opening import open_ledger

    budget = None if settings.budget is None else replace(settings.budget, unit=settings.unit)
    made = open_ledger(settings.ledger, data=identity.digest, budget=budget, unit=settings.unit)
    open_while.callback(made.close)
    return made
