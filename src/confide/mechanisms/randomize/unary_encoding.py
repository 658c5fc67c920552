"""Wang, Blocki, Li, Jha: Locally Differentially Private Protocols (USENIX Security 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.nouns import Outcome
from confide.measure.frequencies import Frequencies, kept_or_not
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import below
from confide.mechanisms.randomize.columns import BIT, Odds, codes_of, refuse_epsilon, replaced
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaryEncoding:
    """Optimised unary encoding (OUE): shows one bit for each value, and each of them wrongly at times.

    The column becomes m columns of 0 and 1, named `column=value`. The bit of the true value is 1 with chance
    1/2, and each other one with chance q = 1 / (e^epsilon + 1). It is more accurate than k-ary randomised
    response where m >= 3 e^epsilon + 2.

    *Statement.* For any two values that a person may have, and any bits shown, the chances of showing them
    differ by a factor of at most e^epsilon.

    *Proof.* The chances differ in the bits of the two values alone. One's is at most (1/2) / q times as
    likely if it is the true value, the other's at most (1 - q) / (1/2) times if it is not. Together that is
    (1 - q) / q, which whole numbers keep at most e^epsilon [`Odds.of`].

    *Conditions.* As of `KAry`: the values are public, and so is the number of rows.

    Args:
        column: its name.
        epsilon: above 0 and finite.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if epsilon or the noise is refused.
    """

    column: str
    epsilon: float
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_epsilon(self.epsilon)
        refuse_unknown(self.noise)

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, unit=Unit.cells([self.column]))

    @property
    def odds(self) -> Odds:
        """Of a bit that is 0 staying 0."""
        return Odds.of(self.epsilon, 1)

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with bits in the place of this column.

        Raises:
            DataError: if there is no such column, it holds ranges, or a column of bits has another's name.
        """
        words, codes = words_of(self.noise, rng), codes_of(data, self.column)
        new = []
        for value, label in enumerate(data.domains[data.at(self.column)].labels):
            bits = ~self.odds.coins(len(codes), words)
            true = codes == value
            bits[true] = below(2, int(true.sum()), words) == 1
            new.append((Domain(f"{self.column}={label}", BIT, np.array([0.0, 1.0])), bits))
        return outcome(self.noise, replaced(data, self.column, new), self.budget, "UnaryEncoding")

    def estimate(self, released: Table, *, confidence: float = 0.95) -> Frequencies:
        """The frequencies of the column's values, from the columns of bits of a release."""
        names = [name for name in released.names if name.startswith(f"{self.column}=")]
        # Asked for by one of its names, a column that is not there is an error.
        bits = released.only(names or [f"{self.column}="])
        return kept_or_not(
            (bits.low == 1).sum(0),
            len(released),
            keep=0.5,
            other=self.odds.shown,
            values=[name.removeprefix(f"{self.column}=") for name in names],
            confidence=confidence,
        )
