"""Bindschaedler, Shokri, Gunter: Plausible Deniability for Privacy-Preserving Data Synthesis (VLDB 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.noise.words import Words, below
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.measured import SyntheticRehearsal, SyntheticRelease
from confide.mechanisms.synthesize.plausible.counting import MEANINGFUL, Tries, of_table
from confide.mechanisms.synthesize.plausible.entropies import noisy_entropies
from confide.mechanisms.synthesize.plausible.network import Network, learnt
from confide.mechanisms.synthesize.plausible.privacy_test import PrivacyTest, plausible_by_group
from confide.mechanisms.synthesize.plausible.structure import Structure, selected
from confide.mechanisms.synthesize.plausible.theorem import RecordPromise, best
from confide.views.margins import Measured
from confide.views.table import Table

SHARES = (4, 4, 2)
"""Of ten rows: for the structure, for its tables, and as seeds."""
ROWS = 0.1
"""The share of the structure's budget for the number of rows."""
NOISE_SHARE = 0.08
"""Of the rows that a table of counts may gain or lose by noise, at most: how many cells it may have."""
GROUP = 2
"""Groups of seeds that share what is kept should have this many times k seeds on average."""


@dataclass(frozen=True, slots=True)
class Promises:
    """What is promised to somebody, whose one row was learnt from or was a seed.

    Args:
        generator: to those whose rows structure and tables were learnt from.
        record: to a seed, of one record that is released by itself; None for the test without noise.
        delta: of the table.
        table: to a seed, of all records together: an epsilon. `inf` where nothing is promised.
    """

    generator: Budget
    record: RecordPromise | None
    delta: float
    table: float

    @property
    def whole(self) -> Budget | None:
        """What the table promises everyone: the larger promise. None where that is nothing."""
        if not self.table <= MEANINGFUL:
            return None
        return Budget(max(self.generator.epsilon, self.table), max(self.generator.delta, self.delta))


@dataclass(frozen=True, slots=True, eq=False)
class PlausibleRelease(SyntheticRelease):
    """Records that passed the privacy test; `budget` is what they promise together, None where it is nothing.

    Args:
        promises: of the generator, of one record, and of all.
        pass_rate: records that passed, for each try; the tries are a noised count, which is public.
        network: the generator.
    """

    promises: Promises | None = None
    pass_rate: float = 0.0
    network: Network | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PlausibleRehearsal(SyntheticRehearsal):
    """What `PlausibleRelease` is, with noise from a seed: for audits and tests, and no release."""

    promises: Promises | None = None
    pass_rate: float = 0.0
    network: Network | None = None


PlausibleOutcome: TypeAlias = PlausibleRelease | PlausibleRehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlausibleDeniability:
    """Synthesises records from real seeds, and releases those that many other seeds could explain.

    Rows are divided at random into three parts. The first says which columns depend on which, by
    correlation-based feature selection on noised entropies; the second, how, by noised counts. Each row of
    the third is a seed, tried a random number of times: `keep` of its columns are kept, the others drawn from
    the network, and the record is released if the privacy test passes.

    *The promise.* Of one record it is the theorem's, such as (1.13, 1e-9). A table of thousands is another
    matter: by composition (`theorem.composed`) the same test promises 23,000 and more, which is nothing. The
    exact cost of what is shown (`counting.of_table`) is less, 159 for a table as large as the one given, and
    still nothing: `budget` is None then. With much noise, a large k and few tries it is a promise: 4.4 with
    k = 1,000, epsilon0 = 0.03 and one try of each seed. Unlike elsewhere each further try costs.

    How many columns are kept is fixed: if it were drawn, seeds would make a record with a mixture of chances,
    and counting groups would not do.

    Args:
        tries: how often each seed is tried on average. One row in five is a seed, so that 5 tries release
            about as many rows as were given, less those that fail.
        rows: at most this number of records is released, or fewer if fewer passed; None for all that passed.
        generator: the budget of structure and tables, each on rows of its own. Its unit is a record.
        test: the privacy test.
        keep: columns that are kept from the seed.
        delta: of one record, and of the table.
        cells: of a column and its parents together, at most; by itself as many as noise allows.
        target: the name of a column that others will be used to predict: it is kept, and other columns depend
            on it where there is room.
        noise: "secure" for a release; "rehearsal" draws everything from `rng`, for audits and tests.

    Raises:
        PromiseError: if a setting is out of range, or the test keeps no such delta.

    >>> PlausibleDeniability().budget is None, round(PlausibleDeniability().promises.record.epsilon, 2)
    (True, 1.13)
    """

    tries: float = 5.0
    rows: int | None = None
    generator: Budget = field(default_factory=lambda: Budget(1.0, 1e-9))
    test: PrivacyTest = field(default_factory=PrivacyTest)
    keep: int = 3
    delta: float = 1e-9
    cells: int | None = None
    target: str | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        Concentrated(budget=self.generator, noise=self.noise)
        if self.generator.unit.kind != "record":
            raise PromiseError(
                f"the budget hides {self.generator.unit}, but a seed is one record: plausible deniability "
                "promises nothing about people of several rows."
            )
        if not 2.0**-20 <= self.tries <= 2**16:
            raise PromiseError(f"each seed is tried {self.tries} times: give a number from 1e-6 to 65,536.")
        if self.rows is not None and self.rows < 1:
            raise PromiseError(f"{self.rows} rows: give 1 or more, or None for all that pass the test.")
        if type(self.keep) is not int or self.keep < 0:
            raise PromiseError(f"{self.keep!r:.40} columns are kept: give a whole number from 0.")
        if self.target is not None and not self.keep:
            raise PromiseError(f"{self.target!r} is to be kept, and no column is: keep 1 or more.")
        if self.cells is not None and self.cells < 1:
            raise PromiseError(f"tables have {self.cells} cells at most: give 1 or more.")
        if not 0 < self.delta < 1:
            raise PromiseError(f"delta is {self.delta}: give a number between 0 and 1, such as 1e-9.")
        if self.test.epsilon0 is not None:
            best(self.test, self.delta)

    @property
    def promises(self) -> Promises:
        """What is promised, which needs no data."""
        noised = self.test.epsilon0 is not None
        whole = noised and self.test.checked is None
        return Promises(
            generator=self.generator,
            record=best(self.test, self.delta) if noised else None,
            delta=self.delta,
            table=of_table(self.test, Tries.on_average(self.tries), self.delta) if whole else math.inf,
        )

    @property
    def budget(self) -> Budget | None:
        """What all rows promise everyone together; None where that is nothing."""
        return self.promises.whole

    def __call__(self, data: Table, *, rng: Rng) -> PlausibleOutcome:
        """Synthesise records.

        Args:
            data: precise, with public domains.
            rng: of a rehearsal.

        Raises:
            DataError: if cells hold several values, rows belong to people, or too few columns are there.
        """
        self._refuse(data)
        words = words_of(self.noise, rng)
        for_structure, for_tables, seeds = _parts(data, words)
        spends = Concentrated(budget=self.generator, noise=self.noise)
        rows = spends.measure(for_structure, (), rho=spends.rho * ROWS, rng=rng)
        structure = self._structure(for_structure, rows, spends, rng)
        network, margins = learnt(
            for_tables, structure, keep=self.keep, spends=spends, rho=spends.rho, rng=rng
        )
        passed = self._passing(seeds, network, words, rng)
        view = Table.of(data.domains, network.drawn(seeds.low[passed[: self.rows]], words))
        tries = max(float(rows.counts), 1.0) * SHARES[2] / SHARES[0] * self.tries
        made = PlausibleRelease if self.noise == "secure" else PlausibleRehearsal
        return made(
            view,
            self.budget,
            "plausible deniability",
            margins,
            promises=self.promises,
            pass_rate=len(passed) / tries,
            network=network,
        )

    def _structure(self, table: Table, rows: Measured, spends: Concentrated, rng: Rng) -> Structure:
        n = max(float(rows.counts), 1.0)
        # Noise on a cell is 0.8 deviations on average, of which half are rows too many.
        noise = 0.4 * spends.deviation(spends.rho / (len(table.domains) - self.keep))
        cells = self.cells or max(int(NOISE_SHARE * n * SHARES[1] / SHARES[0] / noise), 1)
        entropies = noisy_entropies(
            table, rows=rows, cells=cells, spends=spends, rho=spends.rho * (1 - ROWS), rng=rng
        )
        return selected(
            entropies.correlations(),
            tuple(int(size) for size in table.sizes),
            keep=self.keep,
            groups=int(n * SHARES[2] / SHARES[0] / (GROUP * self.test.k)),
            cells=cells,
            target=None if self.target is None else table.at(self.target),
        )

    def _passing(self, seeds: Table, network: Network, words: Words, rng: Rng) -> Ints:
        """The seed of each record that is released, in random order.

        Whether a record passes depends on what it keeps alone, so the test comes before the drawing.
        """
        kept = list(network.kept)
        looked_at = self.test.looked_at(len(seeds), noise=self.noise, rng=rng)
        plausible = plausible_by_group(seeds.low[:, kept], seeds.sizes[kept], looked_at)
        tried = np.repeat(np.arange(len(seeds)), Tries.on_average(self.tries).drawn(len(seeds), words))
        passed = tried[self.test.passes(plausible[tried], noise=self.noise, rng=rng)]
        # Seeds stand as in the table: without this, their order would be seen.
        return passed[np.argsort(words(len(passed)), kind="stable")]

    def _refuse(self, table: Table) -> None:
        if not table.precise:
            raise DataError("the table has cells that hold several values: give the one that was collected.")
        if table.people is not None:
            raise DataError(
                "rows belong to people, and plausible deniability is about records: give one row a person, "
                "or choose another mechanism."
            )
        if self.keep >= len(table.domains):
            raise DataError(
                f"{self.keep} columns are kept of {len(table.domains)}: nothing would be drawn; keep fewer."
            )


def _parts(table: Table, words: Words) -> list[Table]:
    """Three parts of the rows: each row is put into one by a draw of its own.

    So one row more changes one part, by that row.
    """
    part = np.searchsorted(np.cumsum(SHARES), below(sum(SHARES), len(table), words), side="right")
    return [table.take(part == i) for i in range(len(SHARES))]
