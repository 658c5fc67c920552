"""A public domain and a mechanism together: rows of a file in, synthetic rows of the same form out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.inputs.domain_cells import prepared
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.columns.decoding import Schema
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import encode
from confide.mechanisms.synthesize.columns.quantile_bins import QuantileBins, with_quantile_bins
from confide.mechanisms.synthesize.columns.trimming import trimmed
from confide.mechanisms.synthesize.columns.types import public_types
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.error import MarginError, margin_error, margin_errors
from confide.mechanisms.synthesize.measured import Synthesised
from confide.releases.synthesis.drawing import drawn_from
from confide.releases.synthesis.trial import Trial, need_small_delta
from confide.views.margins import Measured
from confide.views.table import Table

FOR_BINS = 0.1
"""The share of the budget that private bins take, where the domain asks for such."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticFile:
    """Synthetic rows in the form of the file that they were learned from, with what was released beside them.

    Args:
        release: of the mechanism: a table of codes, its promise, and what was measured.
        budget: what is promised in all; None for nothing.
        view: the codes of `frame`, row by row.
        frame: the rows.
        rejected: the share of drawn rows that were given up, since they broke a rule.
        trimmed, clipped: rows that were left out, and column -> cells that count as the nearest value. Both
            are functions of the exact data, and for its owner alone.
    """

    release: Synthesised
    budget: Budget | None
    view: Table
    frame: pl.DataFrame
    rejected: float = 0.0
    trimmed: int = 0
    clipped: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def margins(self) -> tuple[Measured, ...]:
        """What was measured, with its noise."""
        return self.release.margins

    def error(self, columns: str | Sequence[str], *, confidence: float = 0.95) -> MarginError:
        """How far the table of these columns may be from that of the real records.

        Args:
            columns: of the model, by name; one text names them with commas between.
            confidence: that the interval holds the distance.

        Raises:
            DataError: if there is no such column, or the mechanism measures no margins of all records.
        """
        return margin_error(self._bounded(), columns, confidence=confidence)

    def errors(self, *, most: int = 2, confidence: float = 0.95) -> list[MarginError]:
        """The same for all tables of this many columns at most."""
        return margin_errors(self._bounded(), most=most, confidence=confidence)

    def _bounded(self) -> Synthesised:
        if self.release.model is None:
            raise DataError(
                f"{self.release.maker} measures no margins of all records, so that nothing bounds the error "
                "of a table: choose AIM, or MST."
            )
        return replace(self.release, view=self.view)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Rows that fit a domain, with nobody above the bound.

    Args:
        schema: the types of the file, by column.
        rows: that count.
        people: int64[n], whose each row is; None where a row is a person.
        trimmed, clipped: as of `SyntheticFile`.
    """

    schema: Schema
    rows: pl.DataFrame
    people: Ints | None
    trimmed: int
    clipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Synthesiser:
    """A mechanism on a file's own columns: encode by a public domain, synthesise, decode.

    Where the domain asks for bins by private quantiles, a tenth of the budget is spent on them first, and
    the mechanism gets the rest: rho adds up.

    Args:
        domain: public; it is not read from any data.
        mechanism: of tables of codes, with the whole budget.
        noise: of bins, and of the choice of rows where people have more than the bound.
        seed: by which rows are drawn from the model, and values inside bins: the same seed, the same rows.

    >>> import numpy as np
    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> from confide.mechanisms.synthesize.mst import MST
    >>> ages = PublicDomain((Integer("age", 0, 99, bins=10),))
    >>> made = Synthesiser(ages, MST(budget=Budget(5.0, 1e-6), noise="rehearsal"), noise="rehearsal")
    >>> file = made(pl.DataFrame({"age": [31] * 5_000}), rng=np.random.default_rng(0))
    >>> bool((file.frame["age"] // 10 == 3).mean() > 0.97)
    True
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
        """The rows that count; nothing is spent.

        Raises:
            DataError: if they do not fit the domain.
        """
        if self.domain.pending and not isinstance(self.mechanism, Concentrated):
            raise DataError(
                f"bins of {', '.join(self.domain.pending)[:100]} are to be private quantiles, which this "
                "mechanism has no budget for: give public bins, or choose AIM or MST."
            )
        records = prepared(records, self.domain)
        rows, people, left_out = records, None, 0
        types = public_types(self.domain, records.schema)
        tried = Trial(self.mechanism, self.domain, types, seed=self.seed)
        if self.budget is not None:
            need_small_delta(self.budget.delta, len(records))
        tried.need_signal(len(records))
        unit = None if self.budget is None else self.budget.unit
        if unit is not None and unit.kind == "person":
            name = str(unit.column)
            cut = trimmed(records, name, int(unit.at_most or 1), noise=self.noise, rng=rng)
            people, left_out = cut.people, cut.left_out
            # The person's column is no part of the synthetic rows, unless the domain draws it.
            rows = cut.frame if name in self.domain.named else cut.frame.drop(name)
        clipped = encode(rows, self.domain, people=people).clipped
        tried()
        return Prepared(schema=types, rows=rows, people=people, trimmed=left_out, clipped=clipped)

    def made(self, prepared: Prepared, *, rng: Rng) -> SyntheticFile:
        """Spend the budget, and draw rows.

        Raises:
            DataError: if the model gives hardly any row that keeps the rules.
            PromiseError: if the budget buys nothing.
        """
        domain, mechanism = self._with_bins(prepared, rng)
        table = encode(prepared.rows, domain, people=prepared.people).table
        release: Any = mechanism(table, rng=rng)
        found = drawn_from(release, domain, prepared.schema, seed=self.seed)
        return SyntheticFile(
            release=release,
            budget=self.budget,
            view=Table.of(domain.domains, found.codes),
            frame=found.frame,
            rejected=found.rejected,
            trimmed=prepared.trimmed,
            clipped=prepared.clipped,
        )

    def _with_bins(self, prepared: Prepared, rng: Rng) -> tuple[PublicDomain, Mechanism[Table]]:
        """The domain with all its bins, and the mechanism with what they leave of the budget."""
        budget = self.budget
        if not self.domain.pending or budget is None:
            return self.domain, self.mechanism
        whole = rho_of(budget.epsilon, budget.delta)
        most = int(budget.unit.at_most or 1) if budget.unit.kind == "person" else 1
        bins = QuantileBins(rho=FOR_BINS * whole, at_most=most, noise=self.noise)
        domain = with_quantile_bins(prepared.rows, self.domain, bins, rng=rng)
        mechanism: Any = self.mechanism
        return domain, replace(mechanism, budget=with_rho(budget, (1 - FOR_BINS) * whole))


def with_rho(budget: Budget, rho: float) -> Budget:
    """The budget of the same delta and unit that allows this rho, and no more.

    >>> round(rho_of(with_rho(Budget(1.0, 1e-9), 0.01).epsilon, 1e-9), 6)
    0.01
    """
    low, high = 0.0, budget.epsilon
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rho_of(middle, budget.delta) <= rho else (low, middle)
    return replace(budget, epsilon=low)
