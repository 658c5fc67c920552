"""Invariant post randomisation: values change, and their frequencies stay in the mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Outcome
from confide.measure.frequencies import Frequencies, invariant
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words, below
from confide.mechanisms.randomize.columns import Odds, codes_of, replaced
from confide.mechanisms.randomize.pram import refuse_share
from confide.views.table import Table

FINE = 1 << 30
"""Chances are whole multiples of 1 / FINE; times the number of rows they fit into 62 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantPram:
    """Invariant PRAM: randomises values so that each is as frequent as before, in the mean.

    With t the frequencies in the table and P the matrix of plain PRAM, a value i becomes j by P, and j then k
    with chance Q_jk = t_k P_kj / (sum over l of t_l P_lj). So t P Q = t, exactly: counts of the release need
    no correction.

    There is no promise: Q depends on everybody's values. Where the share is small, most of a row's cells are
    as they were, and the adversary finds the row by them.

    Args:
        column: its name; None for all columns, each by itself.
        change: the chance that P changes a value; Q turns some of them back.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if the share or the noise is refused.

    Source: Gouweleeuw, Kooiman, Willenborg, de Wolf, Post Randomisation for Statistical Disclosure Control:
    Theory and Implementation (Journal of Official Statistics 1998), section 4.
    """

    column: str | None = None
    change: float
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        refuse_share(self.change)

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with its values randomised.

        Raises:
            DataError: if a column is missing or holds ranges, there are more than 2^31 rows, or a value would
                become another one more often than it is kept.
        """
        if len(data) >= 1 << 31:
            raise DataError(f"{len(data):,} rows are too many to be drawn from: give fewer than 2^31.")
        words, view = words_of(self.noise, rng), data
        for column in data.names if self.column is None else (self.column,):
            codes, domain = codes_of(data, column), data.domains[data.at(column)]
            first = self._odds(len(domain)).drawn(codes, words)
            view = replaced(view, column, [(domain, self._back(first, codes, len(domain), words))])
        return outcome(self.noise, view, None, "InvariantPram")

    def matrix(self, counts: Ints) -> Floats:
        """P Q for values that occur this often, float64[m, m]: for tests, with m at most some hundreds."""
        odds, n = self._odds(len(counts)), int(counts.sum())
        plain = np.full((len(counts), len(counts)), float(odds.other))
        np.fill_diagonal(plain, odds.keep)
        back = counts[None, :] * plain.T / (counts @ plain)[:, None]
        return plain / odds.total @ back if n else plain / odds.total

    def estimate(
        self, released: Table, column: str | None = None, *, confidence: float = 0.95
    ) -> Frequencies:
        """The frequencies of a column's values, from a release under the same domain."""
        name = column or self.column or released.names[0]
        domain = released.domains[released.at(name)]
        counts = np.bincount(codes_of(released, name), minlength=len(domain))
        return invariant(counts, values=domain.labels, confidence=confidence)

    def _odds(self, values: int) -> Odds:
        others = values - 1
        other = max(round(self.change * FINE / others), 1) if others else 0
        if FINE - other * others < other:
            raise DataError(
                f"a share of {self.change:g} changes a value of {values} more often than it keeps it: give "
                f"at most {others / values:.3g}."
            )
        return Odds(FINE - other * others, other, others)

    def _back(self, first: Ints, codes: Ints, values: int, words: Words) -> Ints:
        """Drawn by Q from the first answers.

        P_kj is `other`, and for k = j larger by keep - other. So Q_jk is in proportion to t_k other, plus t_j
        (keep - other) for k = j: either the answer j stays, or it becomes the value of a row drawn from all.
        """
        odds, counts = self._odds(values), np.bincount(codes, minlength=values)
        stays = (odds.keep - odds.other) * counts[first]
        u = below(stays + max(odds.other, 1) * len(codes), len(codes), words)
        row = np.maximum(u - stays, 0) // max(odds.other, 1)
        return np.where(u < stays, first, codes[np.minimum(row, len(codes) - 1)])
