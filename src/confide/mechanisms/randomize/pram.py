"""Gouweleeuw et al.: Post Randomisation for Statistical Disclosure Control (JOS 1998)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.measure.frequencies import Frequencies, kept_or_not, undone
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words, below
from confide.mechanisms.randomize.columns import Odds, codes_of, replaced
from confide.views.table import Table

WHOLE = 1 << 52
"""Rows of a matrix in whole numbers add up to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pram:
    """Post randomisation (PRAM): replaces each value by one drawn from that value's row of a Markov matrix.

    *Statement.* With a matrix, what is shown promises epsilon = the largest ln(P_ij / P_kj), over all values
    i, k and answers j, for this column of a row; if one is infinite, nothing is promised. With a share
    instead, the promise depends on the number of values: `epsilon` computes it for a table, and `budget` is
    None.

    *Proof.* An answer's chances under two true values differ by that factor at most. Rows are drawn in whole
    numbers out of 2^52, and epsilon is that of these numbers.

    *Conditions.* The matrix and the values are public and chosen without the data, and so is the number of
    rows.

    Args:
        column: its name; None for all columns, each by itself, which takes a share.
        change: the chance that a value becomes another one, each equally likely; None with a matrix.
        matrix: m rows of m chances, in the order of the column's values; None with a share.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting is refused.
    """

    column: str | None = None
    change: float | None = None
    matrix: tuple[tuple[float, ...], ...] | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if (self.change is None) == (self.matrix is None):
            raise PromiseError(
                "post randomisation takes a share of changes or a matrix: give one of the two."
            )
        if self.change is not None:
            refuse_share(self.change)
        if self.matrix is not None:
            if self.column is None:
                raise PromiseError("a matrix is for the values of one column: name it.")
            whole_numbers(np.array(self.matrix, np.float64) if _square(self.matrix) else np.zeros((0, 1)))

    @property
    def budget(self) -> Budget | None:
        if self.matrix is None or self.column is None:
            return None
        epsilon = _epsilon(whole_numbers(np.array(self.matrix)))
        return Budget(epsilon, unit=Unit.cells([self.column])) if epsilon < math.inf else None

    def epsilon(self, table: Table) -> float:
        """What is promised about a row of this table: columns add up; infinite if nothing is."""
        if self.matrix is not None:
            return _epsilon(whole_numbers(np.array(self.matrix)))
        return sum(self._odds(table, column).epsilon for column in self._columns(table))

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with its values randomised.

        Raises:
            DataError: if a column is missing or holds ranges, or has more or fewer values than the matrix.
        """
        words, view = words_of(self.noise, rng), data
        for column in self._columns(data):
            codes, domain = codes_of(data, column), data.domains[data.at(column)]
            if self.matrix is None:
                drawn = self._odds(data, column).drawn(codes, words)
            else:
                drawn = _drawn(codes, whole_numbers(self._fitting(data)), words)
            view = replaced(view, column, [(domain, drawn)])
        return outcome(self.noise, view, self.budget, "Pram")

    def estimate(
        self, released: Table, column: str | None = None, *, confidence: float = 0.95
    ) -> Frequencies:
        """The frequencies of a column's values, from a release under the same domain.

        Raises:
            EvidenceError: if the matrix cannot be undone.
        """
        name = column or self.column or self._columns(released)[0]
        domain = released.domains[released.at(name)]
        counts = np.bincount(codes_of(released, name), minlength=len(domain))
        if self.matrix is not None:
            chances = whole_numbers(self._fitting(released)) / WHOLE
            return undone(counts, chances, values=domain.labels, confidence=confidence)
        odds = self._odds(released, name)
        return kept_or_not(
            counts,
            len(released),
            keep=odds.kept,
            other=odds.shown,
            values=domain.labels,
            confidence=confidence,
        )

    def _columns(self, table: Table) -> tuple[str, ...]:
        return table.names if self.column is None else (self.column,)

    def _odds(self, table: Table, column: str) -> Odds:
        assert self.change is not None
        return Odds.changing(self.change, len(table.domains[table.at(column)]) - 1)

    def _fitting(self, table: Table) -> Floats:
        assert self.matrix is not None and self.column is not None
        values = len(table.domains[table.at(self.column)])
        if len(self.matrix) != values:
            raise DataError(
                f"the matrix has {len(self.matrix)} rows and column {self.column!r} {values} values, a "
                "missing one included: give a row and a column for each."
            )
        return np.array(self.matrix, np.float64)


def refuse_share(change: float) -> None:
    """Refuse what is no chance of a change.

    Raises:
        PromiseError: for one that is not above 0 and below 1.
    """
    if not 0 < change < 1:
        raise PromiseError(
            f"the share of changed values is {change}: give one above 0 and below 1, such as 0.1."
        )


def whole_numbers(matrix: Floats) -> Ints:
    """A Markov matrix in whole numbers, int64[m, m], whose rows add up to 2^52.

    Raises:
        PromiseError: if it is not square, or a row holds no chances.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise PromiseError("the matrix is not square: give m rows of m chances.")
    fair = np.isfinite(matrix).all(1) & (matrix >= 0).all(1) & (np.abs(matrix.sum(1) - 1) < 1e-9)
    if not fair.all():
        row = int(np.flatnonzero(~fair)[0])
        raise PromiseError(
            f"row {row + 1} of the matrix adds up to {matrix[row].sum():.6g} or has a number below 0: give "
            "chances that add up to 1."
        )
    found = np.floor(matrix * (WHOLE / matrix.sum(1, keepdims=True))).astype(np.int64)
    # What rounding down left goes to the largest chance, where it matters least.
    found[np.arange(len(found)), matrix.argmax(1)] += WHOLE - found.sum(1)
    return found


def _square(matrix: tuple[tuple[float, ...], ...]) -> bool:
    return all(len(row) == len(matrix) for row in matrix)


def _epsilon(whole: Ints) -> float:
    largest, smallest = whole.max(0), whole.min(0)
    shown = largest > 0
    if (smallest[shown] == 0).any():
        return math.inf
    pairs = zip(largest[shown].tolist(), smallest[shown].tolist(), strict=True)
    return math.log(max(Fraction(a, b) for a, b in pairs)) * (1 + 2.0**-50)


def _drawn(codes: Ints, whole: Ints, words: Words) -> Ints:
    """One answer for each code, drawn from its row."""
    u, found = below(WHOLE, len(codes), words), np.empty_like(codes)
    for code in np.unique(codes):
        here = codes == code
        found[here] = np.searchsorted(np.cumsum(whole[code]), u[here], side="right")
    return found
