"""A public domain and a mechanism together: rows of a file in, synthetic rows of the same form out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.inputs.domain import read_domain
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.statistics.bounded_rows import kept_rows
from confide.mechanisms.synthesize.columns.decoding import Schema, decode, drawn
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.mechanisms.synthesize.measured import Measured, Synthesised
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticFile:
    """Synthetic rows in the form of the file that they were learned from, with what was released beside them.

    Args:
        release: of the mechanism: a table of codes, its promise, and what was measured.
        view: the codes of `frame`, row by row.
        frame: the rows.
        rejected: the share of drawn rows that were given up, since they broke a rule.
        trimmed, clipped: rows that were left out, and column -> cells that count as the nearest value. Both
            are functions of the exact data, and for its owner alone.
    """

    release: Synthesised
    view: Table
    frame: pl.DataFrame
    rejected: float = 0.0
    trimmed: int = 0
    clipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def budget(self) -> Budget | None:
        """What the release promises."""
        return self.release.budget

    @property
    def margins(self) -> tuple[Measured, ...]:
        """What was measured, with its noise."""
        return self.release.margins


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Rows that fit a domain, as codes.

    Args:
        domain: public.
        schema: the types of the file, by column.
        table: of the model's columns, with nobody above the bound.
        trimmed, clipped: as of `SyntheticFile`.
    """

    domain: PublicDomain
    schema: Schema
    table: Table
    trimmed: int
    clipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Synthesiser:
    """A mechanism on a file's own columns: encode by a public domain, synthesise, decode.

    Args:
        domain: public; it is not read from any data.
        mechanism: of tables of codes.
        noise: of the choice of rows where people have more than the bound.
        seed: by which rows are drawn from the model, and values inside bins: the same seed, the same rows.
    """

    domain: PublicDomain
    mechanism: Mechanism[Table]
    noise: Noise = "secure"
    seed: int = 0

    @property
    def budget(self) -> Budget | None:
        """What a release promises."""
        return self.mechanism.budget

    def __call__(self, records: pl.DataFrame, *, rng: Rng) -> SyntheticFile:
        """Synthesise.

        Args:
            records: with the columns of the domain, and that of the person where the promise hides people.
            rng: of a rehearsal.

        Raises:
            DataError: if the records do not fit the domain.
            PromiseError: if the budget buys nothing.
        """
        return self.made(self.prepared(records, rng=rng), rng=rng)

    def prepared(self, records: pl.DataFrame, *, rng: Rng) -> Prepared:
        """The records as codes; nothing is spent.

        Raises:
            DataError: if they do not fit the domain.
        """
        kept, people, trimmed = self._bounded(records, rng)
        encoded = encode(kept, self.domain, people=people)
        return Prepared(
            domain=self.domain,
            schema=dict(records.schema),
            table=encoded.table,
            trimmed=trimmed,
            clipped=encoded.clipped,
        )

    def made(self, prepared: Prepared, *, rng: Rng) -> SyntheticFile:
        """Spend the budget, and draw rows.

        Raises:
            DataError: if the model gives hardly any row that keeps the rules.
            PromiseError: if the budget buys nothing.
        """
        release = self.mechanism(prepared.table, rng=rng)
        assert isinstance(release, Synthesised)
        drawing = np.random.default_rng(self.seed)
        codes = release.view.low
        if release.model is None:
            made = decode(codes, self.domain, rng=drawing, schema=prepared.schema)
            frame, codes, rejected = made.frame, codes[made.kept], made.rejected
        else:
            model = release.model

            def rows(n: int, rng: Rng) -> NDArray[np.int32]:
                return model.rows(n, rng=rng)

            found = drawn(rows, len(codes), self.domain, rng=drawing, schema=prepared.schema)
            frame, codes, rejected = found.frame, found.codes, found.rejected
        return SyntheticFile(
            release=release,
            view=Table.of(self.domain.domains, codes),
            frame=frame,
            rejected=rejected,
            trimmed=prepared.trimmed,
            clipped=prepared.clipped,
        )

    def _bounded(self, records: pl.DataFrame, rng: Rng) -> tuple[pl.DataFrame, Ints | None, int]:
        """At most as many rows of each person as the promise says, whose they are, and how many went."""
        unit = None if self.budget is None else self.budget.unit
        if unit is None or unit.kind != "person":
            return records, None, 0
        name = str(unit.column)
        if name not in records.columns:
            raise DataError(f"the records have no column {name!r:.60}, whose rows are to be hidden together.")
        if missing := records[name].null_count():
            raise DataError(f"{missing:,} rows have no {name}: say whose they are, or leave them out.")
        person = np.unique(records[name].cast(pl.String).to_numpy(), return_inverse=True)[1].astype(np.int64)
        kept = kept_rows(person, int(unit.at_most or 1), words_of(self.noise, rng))
        rows = records.filter(pl.Series(kept))
        # The person's column is no part of the synthetic rows, unless the domain draws it anew.
        rows = rows if name in self.domain.named else rows.drop(name)
        return rows, person[kept], int((~kept).sum())


def domain_of(given: PublicDomain | Path | str) -> PublicDomain:
    """A domain, or the one of a file.

    Raises:
        DataError: if the file cannot be read.
    """
    return given if isinstance(given, PublicDomain) else read_domain(Path(given))
