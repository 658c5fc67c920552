"""The records of a collaboration's parties, read from their files and encoded by the public schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.parquet import read_parquet
from confide.core.transcript import check_names
from confide.inputs.learner import encoded
from confide.inputs.public_cells import read_public_rows
from confide.inputs.public_schema import PublicSchema, parsed_public, schema_text
from confide.learners.local import LocalLearner
from confide.releases.collaboration.plan import PlanFile
from confide.releases.session.identity import Identity
from confide.views.records import Records

MOST = 100_000
"""Clients of one file."""


@dataclass(frozen=True, slots=True, eq=False)
class Parties:
    """The clients of a plan with their records.

    Args:
        records: by client.
        schema: the text of the public schema.
        public: what it says.
        test: records that nobody trained on; None without any.
        files: of records, that were read.
        asked: public records that parties exchange predictions on, encoded; None without any.
        published: the file of these.
    """

    records: Mapping[str, Records]
    schema: str
    public: PublicSchema
    test: Records | None
    files: tuple[Identity, ...]
    asked: Array | None = None
    published: Identity | None = None

    @property
    def features(self) -> int:
        """The width of an encoded record."""
        return next(iter(self.records.values())).x.shape[1]

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.public.classes)

    @property
    def digest(self) -> str:
        """SHA-256 of all files with records: what a ledger is bound to."""
        return sha256("\n".join(sorted(one.digest for one in self.files)).encode()).hexdigest()

    def need_unchanged(self) -> None:
        """Check that the files are what they were when they were read.

        Raises:
            DataError: if one is not.
        """
        for one in (*self.files, *([self.published] if self.published else [])):
            one.need_unchanged()

    def accuracy(self, learner: LocalLearner, parameters: Array) -> float | None:
        """The share of test records that the model gets right; None without any."""
        if self.test is None or not len(self.test):
            return None
        said = learner.model(parameters).predict(self.test.x).argmax(axis=1)
        return float(np.mean(said == self.test.y))


def read_parties(plan: PlanFile) -> Parties:
    """Read all files of a plan.

    Raises:
        DataError: if one cannot be read, lacks a column, or too few clients have records.
    """
    text = schema_text(plan.schema)
    public = parsed_public(text, label=plan.label, without=plan.client, path=plan.schema)
    files = dict(plan.parties) if plan.records is None else {"": plan.records}
    identities = {name: Identity.of(path) for name, path in files.items()}
    frames = {name: _rows(plan, public, path) for name, path in files.items()}
    by_client = frames if plan.client is None else _by_client(plan, frames[""], plan.client)
    records = {name: _encoded(plan, public, frame, name) for name, frame in by_client.items()}
    holding = sum(len(own) > 0 for own in records.values())
    if plan.cohort is not None and holding < plan.cohort:
        empty = ", ".join(name for name, own in records.items() if not len(own)) or "none"
        raise DataError(
            f"{holding:,} clients have records, and the cohort is {plan.cohort:,} at least: "
            f"find more of them, or lower the cohort. Without records: {empty:.200}."
        )
    test = None if plan.test is None else _encoded(plan, public, _rows(plan, public, plan.test), "test")
    own = tuple(identities.values())
    if plan.public is None:
        return Parties(records, text, public, test, own)
    published = Identity.of(plan.public)
    if published.digest in {one.digest for one in own}:
        raise DataError(
            f"public is {plan.public}, which is a file of records of a party: everybody sees public records. "
            "Name records that are public already."
        )
    if plan.test is not None and Identity.of(plan.test).digest == published.digest:
        raise DataError(
            f"public is {plan.public}, which is test too: a student learns from public records. Name others."
        )
    return Parties(records, text, public, test, own, _unlabelled(plan, public, plan.public), published)


def read_public_part(plan: PlanFile, *, test: Path | None) -> Parties:
    """What all parties of a plan know: its schema and public records, but no party's own.

    Args:
        plan: that was read.
        test: the records to test with, where this machine has them.

    Raises:
        DataError: if the schema or the test records cannot be read.
    """
    text = schema_text(plan.schema)
    public = parsed_public(text, label=plan.label, path=plan.schema)
    tested = None if test is None else _encoded(plan, public, _rows(plan, public, test), "test")
    records = {name: _empty(public) for name in plan.parties}
    if plan.public is None:
        return Parties(records, text, public, tested, ())
    published = Identity.of(plan.public)
    if plan.public in plan.parties.values():
        raise DataError(
            f"public is {plan.public}, which is a file of records of a party: everybody sees public records. "
            "Name records that are public already."
        )
    return Parties(records, text, public, tested, (), _unlabelled(plan, public, plan.public), published)


def read_party(plan: PlanFile, name: str) -> Records:
    """The records of one party, and of nobody else.

    Raises:
        DataError: if there is no such party, or its file cannot be read or lacks a column.
    """
    if name not in plan.parties:
        raise DataError(f"the plan has no party {name!r:.60}: it has {', '.join(plan.parties):.200}.")
    public = parsed_public(schema_text(plan.schema), label=plan.label, path=plan.schema)
    return _encoded(plan, public, _rows(plan, public, plan.parties[name]), name)


def read_others(plan: PlanFile, public: PublicSchema, path: Path) -> Records:
    """Records of a file that is no party's, in the form that the model takes.

    Raises:
        DataError: if it cannot be read, or lacks a column.
    """
    return _encoded(plan, public, _rows(plan, public, path), path.name)


def _rows(plan: PlanFile, public: PublicSchema, path: Path) -> pl.DataFrame:
    parquet = path.suffix.lower() == ".parquet"
    frame = read_parquet(path) if parquet else read_public_rows(path, public, label=plan.label)
    _need_columns(frame, (plan.label, *public.columns.columns), path)
    return frame


def _unlabelled(plan: PlanFile, public: PublicSchema, path: Path) -> Array:
    """Features of public records, float32[m, D]; their labels are not looked at, and need not be there."""
    parquet = path.suffix.lower() == ".parquet"
    frame = read_parquet(path) if parquet else read_public_rows(path, public, label=plan.label)
    _need_columns(frame, public.columns.columns, path)
    least = len(public.classes)
    if len(frame) < least:
        raise DataError(
            f"{path} has {len(frame):,} public records for {least:,} classes: a student learns from them "
            "alone, so give as many at the least, and better hundreds."
        )
    public.columns.check(frame)
    return np.asarray(public.columns(frame), np.float32)


def _need_columns(frame: pl.DataFrame, columns: Iterable[str], path: Path) -> None:
    for column in columns:
        if column not in frame.columns:
            raise DataError(
                f"{path} has no column {column!r:.60}, which the schema has: it has "
                f"{', '.join(frame.columns)[:200]}."
            )


def _by_client(plan: PlanFile, frame: pl.DataFrame, column: str) -> dict[str, pl.DataFrame]:
    """The rows of each client of one file, in the order in which clients occur."""
    if column not in frame.columns:
        raise DataError(f"{plan.records} has no column {column!r:.60}: name the column of clients.")
    if missing := frame[column].null_count():
        raise DataError(f"{missing:,} rows of {plan.records} have no {column}: say whose they are.")
    named = frame.with_columns(pl.col(column).cast(pl.String))
    parts = named.partition_by(column, as_dict=True, maintain_order=True)
    if not 2 <= len(parts) <= MOST:
        raise DataError(f"{plan.records} has {len(parts):,} clients: give 2 to {MOST:,}.")
    found = {str(name): rows for (name,), rows in parts.items()}
    check_names(("server", *found))
    return found


def _encoded(plan: PlanFile, public: PublicSchema, frame: pl.DataFrame, name: str) -> Records:
    if len(frame):
        return encoded(frame, public, label=plan.label, name=f"the records of {name}")
    return _empty(public)


def _empty(public: PublicSchema) -> Records:
    """No records: such a client is left out by the run, and counted; its form is that of the others."""
    return Records(np.empty((0, len(public.columns.names)), np.float32), np.empty(0, np.int64))
